// replica.toml and client.toml, beside a cluster.toml and key files that are as they should be.
#include "config/cluster_file.hpp"
#include "config/key_file.hpp"
#include "config/member_file.hpp"
#include "fuzz/folder.hpp"
#include "fuzz/target.hpp"

namespace pbft::fuzz {

namespace {

SecretKey key_of(std::uint8_t who) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = who;
  return SecretKey::from_seed(seed);
}

/// Four replicas, one client; "key" is replica 0's, "client.key" the client's.
void write_cluster(const Folder& folder) {
  ClusterConfig config;
  for (std::uint8_t id = 0; id < 4; ++id) {
    config.replicas.push_back(
        {ReplicaId{id}, "127.0.0.1", static_cast<std::uint16_t>(7100 + id), key_of(id).public_key()});
  }
  config.clients.push_back({ClientId{0}, key_of(9).public_key()});
  folder.write("cluster.toml", app::cluster_toml(config));
  FUZZ_CHECK(app::write_key_file(folder.path("key"), key_of(0), "replica 0").has_value());
  FUZZ_CHECK(app::write_key_file(folder.path("client.key"), key_of(9), "client 0").has_value());
}

template <class File>
void check(const Result<File>& file) {
  FUZZ_CHECK(file || !file.error().message.empty());
  FUZZ_CHECK(!file || file->cluster.config.faults().empty());
}

void fuzz_member_toml(BytesView text) {
  static const Folder folder;
  static const bool written = [] {
    write_cluster(folder);
    return true;
  }();
  (void)written;
  const auto path = folder.write("member.toml", text);
  check(app::read_replica_file(path));
  check(app::read_client_file(path));
}

const Target target("member-toml", fuzz_member_toml);

}  // namespace

}  // namespace pbft::fuzz
