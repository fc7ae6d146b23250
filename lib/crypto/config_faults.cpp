// What is wrong with a cluster's configuration, each fault with its place, its value and its remedy.
#include <arpa/inet.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/messages.hpp"
#include "crypto/sodium.hpp"
#include "pbft/config.hpp"

namespace pbft {

namespace {

constexpr std::size_t min_replicas = 4;  // 3f + 1 with f = 1
constexpr std::size_t max_replicas = 64;

/// Client, numbers, kind and count of a request and the header of one operation, rounded up.
constexpr std::uint64_t request_header_bytes = 64;

/// IPv6 form; of an IPv4 address the mapped one (RFC 4291, 2.5.5.2), so that one place has one address.
using Address = std::array<std::uint8_t, 16>;

std::optional<Address> parse_address(const std::string& host) {
  Address address{};
  if (host.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) return address;
  address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, host.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

/// One process can listen there and others can call it: neither "any address" nor a group of hosts (RFC 4291,
/// 2.7; RFC 5771; RFC 919).
bool is_one_place(const Address& address) {
  const Address mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address == Address{} || address == mapped || address[0] == 0xff) return false;
  if (!std::equal(mapped.begin(), mapped.begin() + 12, address.begin())) return true;
  const bool is_multicast = address[12] >> 4 == 0xe;
  const bool is_broadcast =
      std::all_of(address.begin() + 12, address.end(), [](auto byte) { return byte == 0xff; });
  return !is_multicast && !is_broadcast;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

/// Collects faults, and what was seen so far.
class Inspection {
 public:
  explicit Inspection(std::vector<ClusterConfig::Fault>& faults) : faults_(faults) {}

  void inspect(const std::vector<ReplicaInfo>& replicas) {
    const std::size_t n = replicas.size();
    if (n < min_replicas || n > max_replicas) {
      report("replica", std::to_string(n) + " replicas listed, a cluster has from " +
                            std::to_string(min_replicas) + " to " + std::to_string(max_replicas));
    }
    std::map<ReplicaId, std::string> ids;
    for (std::size_t i = 0; i < n; ++i) {
      const std::string path = "replica[" + std::to_string(i) + "]";
      const ReplicaInfo& replica = replicas[i];
      if (replica.id.value >= n) {
        report(path + ".id", "id = " + std::to_string(replica.id.value) + ": the ids of " +
                                 std::to_string(n) + " replicas are 0 to " + std::to_string(n - 1));
      }
      inspect_unique(ids, replica.id, path, "id", "id = " + std::to_string(replica.id.value),
                     "give each replica an id of its own");
      inspect_address(replica, path);
      inspect_key(replica.key, path);
    }
  }

  void inspect(const std::vector<ClientInfo>& clients) {
    std::map<ClientId, std::string> ids;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const std::string path = "client[" + std::to_string(i) + "]";
      const std::string shown = "id = " + std::to_string(clients[i].id.value);
      if (core::is_replica_client(clients[i].id)) {  // what it signs would be asked of a replica's key
        report(path + ".id", shown + ": the ids of clients are below " +
                                 std::to_string(core::first_replica_client) +
                                 ", the others stand for replicas");
      }
      inspect_unique(ids, clients[i].id, path, "id", shown, "give each client an id of its own");
      inspect_key(clients[i].key, path);
    }
  }

  void inspect(const AgreedLimits& limits) {
    constexpr std::uint64_t kib = 1024, mib = 1024 * kib;
    inspect_range("checkpoint_interval", limits.checkpoint_interval, 1, 1024);
    inspect_range("client_window", limits.client_window, 1, 64 * kib);
    inspect_range("max_operation_bytes", limits.max_operation_bytes, 1, 16 * mib);
    inspect_range("max_result_bytes", limits.max_result_bytes, 1, 16 * mib);
    inspect_range("max_request_bytes", limits.max_request_bytes, 1, 32 * mib);
    inspect_range("max_request_operations", limits.max_request_operations, 1, 64 * kib);
    inspect_range("max_batch_bytes", limits.max_batch_bytes, 1, 64 * mib);
    inspect_range("max_batch_requests", limits.max_batch_requests, 1, 64 * kib);
    inspect_range("client_cache_bytes", limits.client_cache_bytes, 1, 1024 * mib);
    inspect_room("max_request_bytes", limits.max_request_bytes, "one operation and its header",
                 limits.max_operation_bytes + request_header_bytes);
    inspect_room("max_batch_bytes", limits.max_batch_bytes, "one request", limits.max_request_bytes);
    inspect_room("client_cache_bytes", limits.client_cache_bytes, "one result", limits.max_result_bytes);
  }

 private:
  void report(std::string path, std::string message) {
    faults_.push_back({std::move(path), std::move(message)});
  }

  template <class Value>
  void inspect_unique(std::map<Value, std::string>& seen, const Value& value, const std::string& path,
                      const std::string& field, const std::string& shown, const std::string& remedy) {
    const auto [first, is_new] = seen.emplace(value, path);
    if (!is_new) report(path + "." + field, shown + " is also that of " + first->second + ": " + remedy);
  }

  void inspect_address(const ReplicaInfo& replica, const std::string& path) {
    if (replica.port == 0) report(path + ".port", "port = 0: give the port that the replica listens on");
    const auto address = parse_address(replica.host);
    if (!address) {
      report(path + ".host",
             "host = " + quoted(replica.host) + " is not an IPv4 or IPv6 address (no name, no brackets)");
    } else if (!is_one_place(*address)) {
      report(path + ".host", "host = " + quoted(replica.host) + ": give an address that others can dial");
    } else if (replica.port != 0) {
      inspect_unique(places_, {*address, replica.port}, path, "port",
                     "host = " + quoted(replica.host) + ", port = " + std::to_string(replica.port),
                     "give each replica an address or a port of its own");
    }
  }

  void inspect_key(const PublicKey& key, const std::string& path) {
    const std::string shown = "public_key = " + quoted(to_text(key));
    if (!crypto::is_strong(key)) {
      report(path + ".public_key", shown + " is not a sound Ed25519 key: make one with `pbft keygen`");
      return;
    }
    // A and -A differ in the sign of x alone, and X25519 knows no sign: who holds one secret could pass for
    // either on a link.
    PublicKey unsigned_key = key;
    unsigned_key.bytes.back() &= 0x7f;
    const auto [first, is_new] = keys_.emplace(unsigned_key, Owner{key, path});
    if (is_new) return;
    const bool is_same = first->second.key == key;
    report(path + ".public_key", shown + (is_same ? " is also that of " : " is the negative of that of ") +
                                     first->second.path + ": give each member a key of its own");
  }

  void inspect_range(const std::string& name, std::uint64_t value, std::uint64_t min, std::uint64_t max) {
    if (value >= min && value <= max) return;
    report("limits." + name, name + " = " + std::to_string(value) + " is outside " + std::to_string(min) +
                                 " to " + std::to_string(max));
  }

  void inspect_room(const std::string& name, std::uint64_t value, const std::string& content,
                    std::uint64_t needed) {
    if (value >= needed) return;
    report("limits." + name, name + " = " + std::to_string(value) + " has no room for " + content + ": " +
                                 std::to_string(needed));
  }

  std::vector<ClusterConfig::Fault>& faults_;
  std::map<std::pair<Address, std::uint16_t>, std::string> places_;
  struct Owner {
    PublicKey key;
    std::string path;
  };
  std::map<PublicKey, Owner> keys_;  // of replicas and clients together, by the key without its sign
};

}  // namespace

std::vector<ClusterConfig::Fault> ClusterConfig::faults() const {
  std::vector<Fault> found;
  Inspection inspection(found);
  inspection.inspect(replicas);
  inspection.inspect(clients);
  inspection.inspect(limits);
  return found;
}

}  // namespace pbft
