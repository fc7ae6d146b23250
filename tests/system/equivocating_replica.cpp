// A faulty primary: takes part in the cluster's links with a genuine key, and proposes to each backup a batch
// of its own for every request it hears of, with the commit vote to go with it. It says nothing else.
#include <uv.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <set>
#include <utility>

#include "config/member_file.hpp"
#include "config/program.hpp"
#include "core/images.hpp"
#include "counter/counter.hpp"
#include "crypto/sodium.hpp"
#include "net/links.hpp"
#include "runtime/clock.hpp"
#include "runtime/executor.hpp"
#include "wire/codec.hpp"

namespace {

using namespace pbft;

class EquivocatingPrimary {
 public:
  explicit EquivocatingPrimary(const app::ReplicaFile& file)
      : config_(file.cluster.config),
        key_(file.key),
        crypto_(std::make_shared<const crypto::KeyRing>(crypto::key_ring(config_)), key_.id, key_.key),
        limits_{static_cast<std::uint32_t>(config_.replicas.size()), config_.limits} {}

  Result<void> listen(uv_loop_t* loop) {
    net::LinksEvents events;
    events.up = [](const net::Peer&) {};
    events.down = [](const net::Peer&) {};
    events.frame = [this](const net::Peer&, BytesView frame) { on_frame(frame); };
    events.log = [](LogLevel, const std::string&) {};
    auto links = net::Links::create(loop, links_config(), std::move(events));
    if (!links) return links.error();
    links_ = *std::move(links);
    return {};
  }

 private:
  net::LinksConfig links_config() const {
    net::LinksConfig made;
    made.cluster = cluster_id(config_);
    made.genesis = runtime::genesis_of(counter::Counter(), crypto_);
    made.self = key_.id;
    made.secret = crypto::x25519_of(key_.key);
    made.listen = true;
    for (const auto& replica : config_.replicas) {
      made.addresses[replica.id] = {replica.host, replica.port};
      if (replica.id != key_.id) made.members[replica.id] = *crypto::x25519_of(replica.key);
    }
    for (const auto& client : config_.clients) made.members[client.id] = *crypto::x25519_of(client.key);
    std::tie(made.listen_host, made.listen_port) = made.addresses.at(key_.id);
    made.max_frame_bytes = limits_.max_frame_bytes();
    return made;
  }

  void on_frame(BytesView frame) {
    const auto decoded = wire::decode(frame, limits_, crypto_);
    const auto* message = std::get_if<core::Message>(&decoded);
    const auto* request = message != nullptr ? std::get_if<core::RequestMessage>(message) : nullptr;
    if (request != nullptr && proposed_.insert(request->request->digest).second) propose(request->request);
  }

  void propose(const core::RequestPtr& request) {
    seq_ = seq_.next();
    for (const auto& backup : config_.replicas) {
      if (backup.id == key_.id) continue;
      core::Body body;
      body.time = {runtime::now().wall.unix_us + backup.id.value};  // another batch for everyone
      body.requests = {request};
      body.digest = core::batch_digest(crypto_, body.time, body.requests);
      const core::BatchHeader header{View{0}, seq_, body.digest};
      const Bytes image = core::image_of(header);

      core::PrePrepare proposal{header, crypto_.sign(core::Statement::pre_prepare, image),
                                std::make_shared<const core::Body>(std::move(body))};
      core::Commit vote;
      vote.header = header;
      vote.sender = key_.id;
      vote.signature = crypto_.sign(core::Statement::commit, image);
      links_->send(backup.id, wire::encode(std::move(proposal)), net::Priority::normal);
      links_->send(backup.id, wire::encode(std::move(vote)), net::Priority::normal);
      std::fprintf(stderr, "proposed %llu to %u: %s\n", static_cast<unsigned long long>(seq_.value),
                   backup.id.value, to_hex(header.digest.bytes).c_str());
    }
  }

  const ClusterConfig config_;
  const ReplicaKey key_;
  const crypto::SodiumCrypto crypto_;
  const wire::DecodeLimits limits_;
  std::unique_ptr<net::Links> links_;
  std::set<Digest> proposed_;
  SeqNum seq_;
};

std::function<int()> set_up(CLI::App& cli) {
  auto config = std::make_shared<std::string>();
  auto status_file = std::make_shared<std::string>();
  cli.add_option("--config", *config)->required();
  cli.add_option("--status-file", *status_file, "understood, as by counter-replica, and left alone");
  return [&cli, config, status_file]() -> int {
    const auto file = app::read_replica_file(*config);
    if (!file) return app::complain(cli.get_name(), file.error());
    EquivocatingPrimary primary(*file);
    const auto listening = primary.listen(uv_default_loop());
    if (!listening) return app::complain(cli.get_name(), listening.error());
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);  // until a signal ends the process
    return app::failure;
  };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("equivocating-replica", "A primary that proposes a different batch to each backup.",
                          argc, argv, set_up);
}
