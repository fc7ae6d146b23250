#include "bench/service/service.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace {

using namespace bench;

pbft::Bytes body_of(Kind kind, std::uint64_t counter = 0) {
  pbft::Bytes body(min_request_bytes);
  encode({kind, counter}, body);
  return body;
}

pbft::Bytes execute(Service& service, std::uint64_t client, const pbft::Bytes& body) {
  return service.execute({pbft::ClientId{client}, {}, body}, {});
}

Audit audit_of(Service& service, std::uint64_t client) {
  const pbft::Bytes result = execute(service, client, body_of(Kind::audit));
  pbft::BytesView rest = result;
  const auto audit = take_audit(rest);
  REQUIRE(audit);
  CHECK(rest.empty());
  return *audit;
}

struct Snapshot : pbft::SnapshotWriter, pbft::SnapshotReader {
  pbft::Bytes bytes;
  std::size_t at = 0;
  void write(pbft::BytesView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
  std::size_t read(std::span<std::uint8_t> to) override {
    const std::size_t size = std::min({to.size(), bytes.size() - at, std::size_t{7}});  // in small pieces
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, to.begin());
    at += size;
    return size;
  }
};

}  // namespace

TEST_CASE("service: writes are numbered over all clients, reads tell how many there were") {
  Service service(0);
  CHECK(decode_position(execute(service, 1, body_of(Kind::write, 0)), 0) == 1);
  CHECK(decode_position(execute(service, 2, body_of(Kind::write, 0)), 0) == 2);
  CHECK(decode_position(execute(service, 1, body_of(Kind::read)), 0) == 2);
  CHECK(decode_position(*service.query(pbft::ClientId{9}, body_of(Kind::read)), 0) == 2);
}

TEST_CASE("service: results are as long as it was told, and a client knows that length") {
  Service service(100);
  const pbft::Bytes result = execute(service, 1, body_of(Kind::write, 0));
  CHECK(result.size() == 100);
  CHECK(decode_position(result, 100) == 1);
  CHECK_FALSE(decode_position(result, 8));
}

TEST_CASE("service: an audit names the writes of one client, and how many came twice") {
  Service service(0);
  for (const std::uint64_t counter : {0U, 1U, 1U, 5U}) execute(service, 1, body_of(Kind::write, counter));
  execute(service, 2, body_of(Kind::write, 0));
  const Audit audit = audit_of(service, 1);
  CHECK(audit.executed.intervals() == std::vector<IntervalSet::Interval>{{0, 2}, {5, 6}});
  CHECK(audit.twice == 1);
  CHECK(audit_of(service, 3) == Audit{});
}

TEST_CASE("service: what is no operation has an empty result and changes nothing") {
  Service service(0);
  for (const pbft::Bytes& body : {pbft::Bytes{}, pbft::Bytes(8, 1), pbft::Bytes(9, 0), pbft::Bytes(9, 77)})
    CHECK(execute(service, 1, body).empty());
  CHECK(decode_position(execute(service, 1, body_of(Kind::read)), 0) == 0);
}

TEST_CASE("service: a snapshot carries everything over") {
  Service service(8), other(8);
  for (std::uint64_t i = 0; i < 100; ++i) execute(service, i % 7, body_of(Kind::write, i * i % 31));
  Snapshot snapshot, again;
  service.save(snapshot);
  REQUIRE(other.load(snapshot));
  other.save(again);
  CHECK(again.bytes == snapshot.bytes);
  CHECK(audit_of(other, 3) == audit_of(service, 3));
}

TEST_CASE("service: a snapshot that is cut short, too long or of other results is refused, state as before") {
  Service service(8);
  execute(service, 1, body_of(Kind::write, 0));
  Snapshot good;
  service.save(good);
  Service other(8);
  for (std::size_t size = 0; size < good.bytes.size(); ++size) {
    Snapshot cut;
    cut.bytes.assign(good.bytes.begin(), good.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(other.load(cut));
  }
  Snapshot longer;
  longer.bytes = good.bytes;
  longer.bytes.push_back(0);
  CHECK_FALSE(other.load(longer));
  CHECK(audit_of(other, 1) == Audit{});
  Service unlike(9);
  CHECK_FALSE(unlike.load(good));
}
