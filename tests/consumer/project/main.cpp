// Four replicas and a client in one process. In earnest each replica is a process on a host of its own, with
// a key that never leaves it.
#include <cstdio>
#include <filesystem>
#include <pbft/client.hpp>
#include <pbft/data_directory.hpp>
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

/// Another client process, after every replica was stopped and started again: nothing is lost.
pbft::Result<std::string> read_journal(const pbft::ClusterConfig& config, const pbft::ClientKey& key) {
  pbft::Result<pbft::Client> client = pbft::Client::connect(config, key);
  if (!client) return client.error();
  const pbft::Result<pbft::Bytes> text = client->query({});
  if (!text) return text.error();
  return pbft::to_text(*text);
}

struct Service {
  pbft::ClusterConfig config;
  std::vector<pbft::ReplicaKey> keys;
  std::string folder;

  std::string data_of(std::size_t replica) const { return folder + "/r" + std::to_string(replica); }
};

pbft::Result<std::vector<pbft::Replica>> start(const Service& service, std::vector<Journal>& journals) {
  std::vector<pbft::Replica> replicas;
  for (std::size_t i = 0; i < service.keys.size(); ++i) {
    pbft::ReplicaOptions options;
    options.data_directory = service.data_of(i);
    pbft::Result<pbft::Replica> replica =
        pbft::Replica::start(service.config, service.keys[i], journals[i], options);
    if (!replica) return replica.error();
    replicas.push_back(std::move(*replica));
  }
  return replicas;
}

int fail(const pbft::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail({pbft::ErrorCode::invalid_argument, "usage: journal NEW_FOLDER"});
  const std::vector<std::uint16_t> ports = free_ports(4);
  if (ports.size() < 4) return fail({pbft::ErrorCode::io, "no free port on 127.0.0.1"});

  // Equal on every replica and client: who they are, where they listen, whom they believe.
  Service service{{}, {}, argv[1]};
  for (std::uint32_t i = 0; i < 4; ++i) {
    service.keys.push_back({pbft::ReplicaId{i}, pbft::SecretKey::generate()});
    service.config.replicas.push_back(
        {service.keys[i].id, "127.0.0.1", ports[i], service.keys[i].key.public_key()});
  }
  const pbft::ClientKey alice{pbft::ClientId{1}, pbft::SecretKey::generate()};
  service.config.clients.push_back({alice.id, alice.key.public_key()});

  // Once, when the cluster is made.
  std::filesystem::create_directory(service.folder);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto made = pbft::create_data_directory(service.config, pbft::ReplicaId{i}, service.data_of(i));
    if (!made) return fail(made.error());
  }

  for (const auto& work : {write_journal, read_journal}) {
    std::vector<Journal> journals(4);
    const auto replicas = start(service, journals);
    if (!replicas) return fail(replicas.error());
    const pbft::Result<std::string> journal = work(service.config, alice);
    if (!journal) return fail(journal.error());
    std::printf("%s\n", journal->c_str());
  }
}
