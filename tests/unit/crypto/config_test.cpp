#include "pbft/config.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <set>

#include "crypto/sodium.hpp"
#include "testing.hpp"

using namespace pbft;
using namespace pbft::testing;

namespace {

/// Replicas 0..n-1 on 127.0.0.1 with the keys 1..n, and client 9 with the key 101.
ClusterConfig sound_config(std::uint32_t n = 4) {
  ClusterConfig config;
  for (std::uint32_t i = 0; i < n; ++i) {
    config.replicas.push_back({ReplicaId{i}, "127.0.0.1", static_cast<std::uint16_t>(7000 + i),
                               secret_key(static_cast<std::uint8_t>(i + 1)).public_key()});
  }
  config.clients.push_back({ClientId{9}, secret_key(101).public_key()});
  return config;
}

using Change = std::function<void(ClusterConfig&)>;

/// The fault that `change` makes of a sound configuration, as "path: message"; REQUIRES that it is the only
/// one.
std::string fault(const Change& change, std::uint32_t n = 4) {
  ClusterConfig config = sound_config(n);
  change(config);
  const auto faults = config.faults();
  if (faults.empty()) return "none";
  CHECK(faults.size() == 1);
  return faults[0].path + ": " + faults[0].message;
}

PublicKey negative(PublicKey key) {
  key.bytes.back() ^= 0x80;
  return key;
}

const std::string key_1 = to_text(secret_key(1).public_key());

}  // namespace

TEST_CASE("configuration: sound ones of 4 to 64 replicas have no fault") {
  for (const std::uint32_t n : {4u, 5u, 7u, 64u}) CHECK(sound_config(n).faults().empty());
  CHECK(fault([](ClusterConfig& config) { config.clients.clear(); }) == "none");
  CHECK(fault([](ClusterConfig& config) { config.clients[0].id = ClientId{0}; }) == "none");
  CHECK(fault([](ClusterConfig& config) { std::swap(config.replicas[0], config.replicas[3]); }) == "none");
}

TEST_CASE("configuration: 3 replicas are too few and 65 too many") {
  CHECK(fault([](ClusterConfig&) {}, 3) == "replica: 3 replicas listed, a cluster has from 4 to 64");
  CHECK(fault([](ClusterConfig&) {}, 65) == "replica: 65 replicas listed, a cluster has from 4 to 64");
  CHECK_FALSE(ClusterConfig().faults().empty());
}

TEST_CASE("configuration: replica ids are 0 to n-1, each once") {
  CHECK(fault([](ClusterConfig& config) { config.replicas[2].id = ReplicaId{4}; }) ==
        "replica[2].id: id = 4: the ids of 4 replicas are 0 to 3");
  CHECK(fault([](ClusterConfig& config) { config.replicas[2].id = ReplicaId{1}; }) ==
        "replica[2].id: id = 1 is also that of replica[1]: give each replica an id of its own");
}

TEST_CASE("configuration: client ids are listed once") {
  CHECK(fault([](ClusterConfig& config) {
          config.clients.push_back({ClientId{9}, secret_key(102).public_key()});
        }) == "client[1].id: id = 9 is also that of client[0]: give each client an id of its own");
}

TEST_CASE("configuration: no client has an id that stands for a replica") {
  const auto fault_of_id = [](std::uint64_t id) {
    return fault([&](ClusterConfig& config) { config.clients[0].id = ClientId{id}; });
  };
  CHECK(fault_of_id((std::uint64_t{1} << 63) - 1) == "none");
  for (const char* id : {"9223372036854775808", "9223372036854775811", "18446744073709551615"}) {
    CHECK(fault_of_id(std::stoull(id)) ==
          "client[0].id: id = " + std::string(id) +
              ": the ids of clients are below 9223372036854775808, the others stand for replicas");
  }
}

TEST_CASE("configuration: a host is an address that others can dial") {
  const auto fault_of_host = [](const std::string& host) {
    return fault([&](ClusterConfig& config) { config.replicas[1].host = host; });
  };
  for (const char* host : {"192.0.2.1", "::1", "2001:db8::7", "::ffff:192.0.2.1"}) {
    CHECK(fault_of_host(host) == "none");
  }
  for (const std::string host : {"", "localhost", "[::1]", "1.2.3", "1.2.3.4.5", "256.0.0.1",
                                 "127.0.0.1:7000", " 127.0.0.1", "fe80::1%eth0", ":::"}) {
    CHECK(fault_of_host(host) ==
          "replica[1].host: host = \"" + host + "\" is not an IPv4 or IPv6 address (no name, no brackets)");
  }
  CHECK(fault_of_host(std::string("127.0.0.1\0.example", 18)) != "none");
  for (const std::string host : {"0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "239.255.0.1",
                                 "255.255.255.255", "::ffff:224.0.0.1", "ff02::1"}) {
    CHECK(fault_of_host(host) ==
          "replica[1].host: host = \"" + host + "\": give an address that others can dial");
  }
}

TEST_CASE("configuration: no two replicas listen at one place, however it is written") {
  CHECK(fault([](ClusterConfig& config) { config.replicas[3].port = 0; }) ==
        "replica[3].port: port = 0: give the port that the replica listens on");
  CHECK(fault([](ClusterConfig& config) { config.replicas[3].port = 7000; }) ==
        "replica[3].port: host = \"127.0.0.1\", port = 7000 is also that of replica[0]: give each replica an "
        "address or a port of its own");
  CHECK(fault([](ClusterConfig& config) {
          config.replicas[3].host = "::ffff:127.0.0.1";
          config.replicas[3].port = 7000;
        }) ==
        "replica[3].port: host = \"::ffff:127.0.0.1\", port = 7000 is also that of replica[0]: give each "
        "replica an address or a port of its own");
  CHECK(fault([](ClusterConfig& config) {
          config.replicas[2].host = "::1";
          config.replicas[3].host = "0:0::1";
          config.replicas[3].port = 7002;
        }) ==
        "replica[3].port: host = \"0:0::1\", port = 7002 is also that of replica[2]: give each replica an "
        "address or a port of its own");
}

TEST_CASE("configuration: a weak key is refused, of replicas and of clients") {
  const std::string zeros(64, '0');
  CHECK(fault([](ClusterConfig& config) { config.replicas[2].key = {}; }) ==
        "replica[2].public_key: public_key = \"" + zeros +
            "\" is not a sound Ed25519 key: make one with `pbft keygen`");
  CHECK(fault([](ClusterConfig& config) { config.clients[0].key = {}; }) ==
        "client[0].public_key: public_key = \"" + zeros +
            "\" is not a sound Ed25519 key: make one with `pbft keygen`");
}

TEST_CASE("configuration: no key is listed twice, among replicas, among clients, or across") {
  const auto repeated = [](const std::string& owner) {
    return "public_key = \"" + key_1 + "\" is also that of " + owner + ": give each member a key of its own";
  };
  CHECK(fault([](ClusterConfig& config) { config.replicas[2].key = config.replicas[0].key; }) ==
        "replica[2].public_key: " + repeated("replica[0]"));
  CHECK(fault([](ClusterConfig& config) { config.clients[0].key = config.replicas[0].key; }) ==
        "client[0].public_key: " + repeated("replica[0]"));
  CHECK(fault([](ClusterConfig& config) {
          config.clients[0].key = secret_key(200).public_key();
          config.clients.push_back({ClientId{10}, secret_key(200).public_key()});
        }).find("client[1].public_key: ") == 0);
}

TEST_CASE("configuration: a key and its negative have one X25519 image, so only one of them is admitted") {
  const PublicKey key = secret_key(1).public_key();
  CHECK(crypto::is_strong(negative(key)));
  CHECK(crypto::x25519_of(negative(key)) == crypto::x25519_of(key));
  CHECK(fault([&](ClusterConfig& config) { config.clients[0].key = negative(key); }) ==
        "client[0].public_key: public_key = \"" + to_text(negative(key)) +
            "\" is the negative of that of replica[0]: give each member a key of its own");
}

TEST_CASE("configuration: every limit has a lower and an upper bound") {
  const auto bounded = [](const std::string& name, auto member) {
    using Value = std::remove_reference_t<decltype(AgreedLimits().*member)>;
    for (const Value value : {Value{0}, std::numeric_limits<Value>::max()}) {
      ClusterConfig config = sound_config();
      config.limits.*member = value;
      const auto faults = config.faults();
      REQUIRE_FALSE(faults.empty());
      CHECK(faults[0].path == "limits." + name);
      CHECK(faults[0].message.find(name + " = " + std::to_string(value) + " is outside ") == 0);
    }
  };
  bounded("checkpoint_interval", &AgreedLimits::checkpoint_interval);
  bounded("client_window", &AgreedLimits::client_window);
  bounded("max_operation_bytes", &AgreedLimits::max_operation_bytes);
  bounded("max_result_bytes", &AgreedLimits::max_result_bytes);
  bounded("max_request_bytes", &AgreedLimits::max_request_bytes);
  bounded("max_request_operations", &AgreedLimits::max_request_operations);
  bounded("max_batch_bytes", &AgreedLimits::max_batch_bytes);
  bounded("max_batch_requests", &AgreedLimits::max_batch_requests);
  bounded("client_cache_bytes", &AgreedLimits::client_cache_bytes);
}

TEST_CASE("configuration: an operation fits a request, a request a batch, a result the cache") {
  CHECK(fault([](ClusterConfig& config) { config.limits.max_request_bytes = 256 * 1024; }) ==
        "limits.max_request_bytes: max_request_bytes = 262144 has no room for one operation and its header: "
        "262208");
  CHECK(fault([](ClusterConfig& config) { config.limits.max_batch_bytes = 512 * 1024 - 1; }) ==
        "limits.max_batch_bytes: max_batch_bytes = 524287 has no room for one request: 524288");
  CHECK(fault([](ClusterConfig& config) { config.limits.client_cache_bytes = 1; }) ==
        "limits.client_cache_bytes: client_cache_bytes = 1 has no room for one result: 262144");
}

TEST_CASE("configuration: all faults are found at once") {
  ClusterConfig config = sound_config();
  config.replicas[0].host = "nowhere";
  config.replicas[1].port = 0;
  config.clients[0].key = {};
  config.limits.client_window = 0;
  CHECK(config.faults().size() == 4);
}

TEST_CASE("cluster id: is that of the documented encoding, as another implementation hashes it") {
  CHECK(to_hex(cluster_id(sound_config()).bytes) ==
        "fccac61e626c07b7bcf0e35729ff43ed4e94102f90ad0d48d510714b632ddefc");
}

TEST_CASE("cluster id: the order of the lists does not matter") {
  ClusterConfig config = sound_config();
  config.clients.push_back({ClientId{3}, secret_key(102).public_key()});
  const Digest id = cluster_id(config);
  std::reverse(config.replicas.begin(), config.replicas.end());
  std::reverse(config.clients.begin(), config.clients.end());
  CHECK(cluster_id(config) == id);
}

TEST_CASE("cluster id: every value matters") {
  const std::vector<Change> changes = {
      [](ClusterConfig&) {},
      [](ClusterConfig& config) { config.replicas[0].id = ReplicaId{7}; },
      [](ClusterConfig& config) { config.replicas[0].host = "127.0.0.2"; },
      [](ClusterConfig& config) { config.replicas[0].port = 1; },
      [](ClusterConfig& config) { config.replicas[0].key = negative(config.replicas[0].key); },
      [](ClusterConfig& config) { std::swap(config.replicas[0].key, config.replicas[1].key); },
      [](ClusterConfig& config) { config.replicas.pop_back(); },
      [](ClusterConfig& config) { config.clients[0].id = ClientId{8}; },
      [](ClusterConfig& config) { config.clients[0].key = negative(config.clients[0].key); },
      [](ClusterConfig& config) { config.clients.clear(); },
      [](ClusterConfig& config) { ++config.limits.checkpoint_interval; },
      [](ClusterConfig& config) { ++config.limits.client_window; },
      [](ClusterConfig& config) { ++config.limits.max_operation_bytes; },
      [](ClusterConfig& config) { ++config.limits.max_result_bytes; },
      [](ClusterConfig& config) { ++config.limits.max_request_bytes; },
      [](ClusterConfig& config) { ++config.limits.max_request_operations; },
      [](ClusterConfig& config) { ++config.limits.max_batch_bytes; },
      [](ClusterConfig& config) { ++config.limits.max_batch_requests; },
      [](ClusterConfig& config) { ++config.limits.client_cache_bytes; },
  };
  std::set<Digest> ids;
  for (const Change& change : changes) {
    ClusterConfig config = sound_config();
    change(config);
    ids.insert(cluster_id(config));
  }
  CHECK(ids.size() == changes.size());
}
