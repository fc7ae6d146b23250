#include "crypto/sodium.hpp"
#include "local_cluster.hpp"
#include "net/links.hpp"
#include "runtime/loop.hpp"
#include "runtime/rejections.hpp"
#include "wire/codec.hpp"

using namespace pbft;
using namespace pbft::testing;

namespace {

/// An admitted client that sends to replica 0 whatever it likes.
struct HostileClient : std::enable_shared_from_this<HostileClient> {
  std::unique_ptr<runtime::Loop> loop = std::move(runtime::Loop::create(nullptr).value());
  std::unique_ptr<net::Links> links;
  Tally up;
  Tally down;

  void start(const LocalCluster& cluster, std::size_t which) {
    net::LinksConfig config;
    config.cluster = cluster_id(cluster.config);
    config.self = cluster.client_keys[which].id;
    config.secret = crypto::x25519_of(cluster.client_keys[which].key);
    const ReplicaInfo& victim = cluster.config.replicas[0];
    config.members[victim.id] = crypto::x25519_of(victim.key).value();
    config.addresses[victim.id] = {victim.host, victim.port};
    net::LinksEvents events;
    events.up = [this](const net::Peer&) { up.add(); };
    events.down = [this](const net::Peer&) { down.add(); };
    events.frame = [](const net::Peer&, BytesView) {};
    links = std::move(net::Links::create(loop->uv(), config, events).value());
    loop->run(shared_from_this(), [] {});
    REQUIRE(up.reaches(1));
  }
  void send(const Bytes& frame, std::uint32_t times) {
    loop->post([this, frame, times] {
      for (std::uint32_t i = 0; i < times; ++i) links->send(ReplicaId{0}, frame, net::Priority::normal);
    });
  }
  void stop() {
    loop->post([this] { links->close([this] { loop->close(); }); });
    loop->wait_closed();
  }
};

Bytes request_in_the_name_of(const ClientId& name, const LocalCluster& cluster, std::size_t signer) {
  const auto ring = std::make_shared<const crypto::KeyRing>(crypto::key_ring(cluster.config));
  const crypto::SodiumCrypto keys(ring, cluster.client_keys[signer].id, cluster.client_keys[signer].key);
  const wire::Sealer sealer(keys, {LocalCluster::n, cluster.config.limits});
  const core::RequestDraft draft{
      name, core::RequestKind::operations, RequestNumber{1}, RequestNumber{1}, {{to_bytes("x"), false}}};
  return wire::encode(core::Message(core::RequestMessage{sealer.seal(draft), 0}));
}

struct Fixture {
  LogBook log;
  LocalCluster cluster;
  std::shared_ptr<HostileClient> hostile = std::make_shared<HostileClient>();

  Fixture() {
    cluster.replica_options.log = log.sink();
    cluster.start_all();
    hostile->start(cluster, 1);
  }
  ~Fixture() { hostile->stop(); }

  /// A few such frames are refused, more cost the link; the honest client notices nothing.
  void check_is_punished(const Bytes& frame, const std::string& reason) {
    Client honest = cluster.connect(0);
    hostile->send(frame, runtime::Rejections::max_strikes - 1);
    CHECK(log.has("replica 0: refused a message from client 2: " + reason));
    hostile->send(frame, 1);
    CHECK(hostile->down.reaches(1));
    CHECK(text_of(invoke(honest, "x")) == "1");
    cluster.replicas[0]->stop();
    CHECK(cluster.replicas[0]->status().rejections.at(reason) == runtime::Rejections::max_strikes);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "hostile client: frames that do not decode are counted, and it is cut") {
  check_is_punished(to_bytes("nonsense"), "malformed");
}

TEST_CASE_FIXTURE(Fixture, "hostile client: requests that another key signed are counted, and it is cut") {
  check_is_punished(request_in_the_name_of(ClientId{2}, cluster, 0), "bad_signature");
}

TEST_CASE_FIXTURE(Fixture, "hostile client: another client's genuine request on its link costs it the link") {
  check_is_punished(request_in_the_name_of(ClientId{1}, cluster, 0), "wrong_link");
}

TEST_CASE_FIXTURE(Fixture, "hostile client: a replica's message on its link costs it the link") {
  core::Status status;
  check_is_punished(wire::encode(core::Message(status)), "wrong_link");
}

TEST_CASE_FIXTURE(
    Fixture,
    "scenario 34: hostile client: a flood does not keep another client's operations from executing") {
  Client honest = cluster.connect(0);
  const Bytes frame = request_in_the_name_of(ClientId{2}, cluster, 1);
  for (int i = 1; i <= 20; ++i) {
    hostile->send(frame, 2000);
    CHECK(invoke(honest, "x").has_value());
  }
}

TEST_CASE_FIXTURE(
    Fixture,
    "scenario 31: hostile client: a storm of one genuine request is cut, and is refused when it comes back") {
  Client honest = cluster.connect(0);
  const Bytes frame = request_in_the_name_of(ClientId{2}, cluster, 1);
  constexpr std::uint32_t budget =
      runtime::Rejections::burst_seconds * runtime::Rejections::client_refusals_per_second;
  hostile->send(frame, 2 * budget);
  CHECK(hostile->down.reaches(1));
  CHECK(invoke(honest, "x").has_value());
  cluster.replicas[0]->stop();
  CHECK(cluster.replicas[0]->status().rejections.at("repeated") <= 2 * budget);
  CHECK(log.has("a flood of messages that are of no use, the last one repeated"));
}
