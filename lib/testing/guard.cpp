#include "testing/guard.hpp"

#include <algorithm>
#include <array>

#include "sim/random.hpp"
#include "sim/violation.hpp"
#include "testing/printable.hpp"
#include "testing/snapshot.hpp"
#include "testing/thrown.hpp"

namespace pbft::testing {

namespace {

constexpr std::uint64_t salt = 0x736e6170;

std::string name(ClientId client, BytesView body) {
  return printable(body) + " of client " + std::to_string(client.value);
}

[[noreturn]] void note_breach(Common& common, const std::string& what) {
  common.breach = what;
  throw sim::Violation(sim::Violation::Kind::safety, what);
}

template <class Call>
auto guarded(Common& common, const std::string& what, Call&& call) {
  try {
    return call();
  } catch (...) {
    note_breach(common, what + " threw " + describe_thrown());
  }
}

Bytes rest_of(SnapshotReader& reader) {
  Bytes all;
  std::array<std::uint8_t, 4096> piece;
  while (const std::size_t size = reader.read(piece))
    all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(size));
  return all;
}

}  // namespace

Guard::Guard(std::unique_ptr<StateMachine> machine, Common& common)
    : machine_(std::move(machine)), common_(common) {
  if (!machine_) note_breach(common_, "the factory returned null");
}

Bytes Guard::execute(const Operation& operation, const Agreed& agreed) {
  return guarded(common_, "execute() of " + name(operation.client, operation.body),
                 [&] { return machine_->execute(operation, agreed); });
}

std::optional<Bytes> Guard::query(ClientId client, BytesView body) const {
  return guarded(common_, "query() of " + name(client, body), [&] { return machine_->query(client, body); });
}

bool Guard::valid(ClientId client, BytesView body) const {
  return guarded(common_, "valid() of " + name(client, body), [&] { return machine_->valid(client, body); });
}

void Guard::save(SnapshotWriter& writer) const {
  const Bytes bytes = guarded(common_, "save()", [&] { return saved(*machine_); });
  common_.snapshots.insert(sim::hash64(salt, bytes));
  writer.write(bytes);
}

// A disk that fails meanwhile ends the snapshot early: that is not the machine's fault, and what it makes of
// it is void.
Result<void> Guard::load(SnapshotReader& reader) {
  const Bytes bytes = rest_of(reader);
  BytesReader again(bytes, ++loads_ % 2 == 0);
  const Result<void> loaded = guarded(common_, "load()", [&] { return machine_->load(again); });
  if (!common_.snapshots.contains(sim::hash64(salt, bytes))) return loaded;
  if (!loaded) note_breach(common_, "load() refuses what save() wrote: " + loaded.error().message);
  const Bytes now = guarded(common_, "save()", [&] { return saved(*machine_); });
  if (now != bytes) {
    const auto differing = std::mismatch(bytes.begin(), bytes.end(), now.begin(), now.end());
    note_breach(common_, "after load() of a snapshot of " + std::to_string(bytes.size()) +
                             " bytes save() writes another one, from byte " +
                             std::to_string(differing.first - bytes.begin()) + " on");
  }
  return loaded;
}

}  // namespace pbft::testing
