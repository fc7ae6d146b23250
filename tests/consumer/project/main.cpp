// Four replicas and a client in one process. In earnest each replica is a process on a host of its own, with
// a key that never leaves it.
#include <cstdio>
#include <pbft/client.hpp>
#include <pbft/replica.hpp>

#include "free_ports.hpp"
#include "journal.hpp"

namespace {

/// What a client process does: appends four words, reads the journal.
pbft::Result<std::string> write_journal(const pbft::ClusterConfig& config, const pbft::ClientKey& key) {
  pbft::Result<pbft::Client> client = pbft::Client::connect(config, key);
  if (!client) return client.error();
  for (const char* word : {"three ", "replicas ", "outvote ", "one"}) {
    const pbft::Result<pbft::Bytes> length = client->invoke(pbft::view_of(word));
    if (!length) return length.error();
  }
  const pbft::Result<pbft::Bytes> text = client->query({});
  if (!text) return text.error();
  return pbft::to_text(*text);
}

int fail(const pbft::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main() {
  const std::vector<std::uint16_t> ports = free_ports(4);
  if (ports.size() < 4) return fail({pbft::ErrorCode::io, "no free port on 127.0.0.1"});

  // Equal on every replica and client: who they are, where they listen, whom they believe.
  pbft::ClusterConfig config;
  std::vector<pbft::ReplicaKey> keys;
  for (std::uint32_t i = 0; i < 4; ++i) {
    keys.push_back({pbft::ReplicaId{i}, pbft::SecretKey::generate()});
    config.replicas.push_back({keys[i].id, "127.0.0.1", ports[i], keys[i].key.public_key()});
  }
  const pbft::ClientKey alice{pbft::ClientId{1}, pbft::SecretKey::generate()};
  config.clients.push_back({alice.id, alice.key.public_key()});

  std::vector<Journal> journals(4);
  std::vector<pbft::Replica> replicas;
  for (std::size_t i = 0; i < 4; ++i) {
    pbft::Result<pbft::Replica> replica = pbft::Replica::start(config, keys[i], journals[i]);
    if (!replica) return fail(replica.error());
    replicas.push_back(std::move(*replica));
  }

  const pbft::Result<std::string> journal = write_journal(config, alice);
  if (!journal) return fail(journal.error());
  std::printf("%s\n", journal->c_str());
}
