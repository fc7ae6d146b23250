#include "faulty/faulty_client.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "adversary/client_behaviour.hpp"
#include "crypto/sodium.hpp"
#include "net/links.hpp"
#include "runtime/clock.hpp"
#include "runtime/logger.hpp"
#include "runtime/loop.hpp"
#include "wire/codec.hpp"

namespace pbft::faulty {

/// Everything without a comment on its thread belongs to the loop.
class FaultyClient::Impl {
 public:
  static Result<std::shared_ptr<Impl>> start(const ClusterConfig& config, const ClientKey& key,
                                             FaultyClientOptions options) {
    Result<std::unique_ptr<runtime::Loop>> loop = runtime::Loop::create(nullptr);
    if (!loop) return loop.error();
    const std::shared_ptr<Impl> impl(new Impl(config, key, std::move(options), *std::move(loop)));
    Result<std::unique_ptr<net::Links>> links =
        net::Links::create(impl->loop_->uv(), impl->links_config(config, key), impl->links_events());
    if (!links) return links.error();
    impl->links_ = *std::move(links);
    impl->loop_->run(impl, [] {});
    return impl;
  }

  Result<void> behave(const std::string& spec) {  // any thread
    // Numbers as a correct client's: above those of every earlier process with this key.
    const RequestNumber first{runtime::now().wall.unix_us};
    auto made = adversary::make_client_behaviour(
        spec, {id_, crypto_, limits_, options_.seed, first, options_.operation});
    if (!made) return made.error();
    loop_->post([this, behaviour = std::shared_ptr<adversary::ClientBehaviour>(*std::move(made))] {
      behaviour_ = behaviour;
      set_timer();
    });
    return {};
  }
  Counts counts() const { return {frames_sent_, bytes_sent_, frames_received_}; }  // any thread
  void stop() {  // any thread but the loop's
    loop_->post([this] {
      if (!std::exchange(closing_, true)) links_->close([this] { loop_->close(); });
    });
    loop_->wait_closed();
  }

 private:
  Impl(const ClusterConfig& config, const ClientKey& key, FaultyClientOptions options,
       std::unique_ptr<runtime::Loop> loop)
      : id_(key.id),
        options_(std::move(options)),
        log_(options_.log, net::describe(net::Peer(key.id))),
        loop_(std::move(loop)),
        crypto_(std::make_shared<const crypto::KeyRing>(crypto::key_ring(config)), key.id, key.key),
        limits_{static_cast<std::uint32_t>(config.replicas.size()), config.limits},
        timer_(loop_->add_timer([this] { on_time(); })) {
    if (!options_.operation) {
      options_.operation = [](std::uint64_t i) { return to_bytes(std::to_string(i)); };
    }
  }

  net::LinksConfig links_config(const ClusterConfig& config, const ClientKey& key) const {
    net::LinksConfig made;
    made.cluster = cluster_id(config);
    made.self = id_;
    made.secret = crypto::x25519_of(key.key);
    for (const ReplicaInfo& replica : config.replicas) {
      made.addresses[replica.id] = {replica.host, replica.port};
      made.members[replica.id] = crypto::x25519_of(replica.key).value();
    }
    made.max_frame_bytes = limits_.max_frame_bytes();
    made.max_queue_bytes = std::max(made.max_queue_bytes, 2 * made.max_frame_bytes);
    return made;
  }
  net::LinksEvents links_events() {
    net::LinksEvents events;
    events.up = [](const net::Peer&) {};
    events.down = [](const net::Peer&) {};
    events.frame = [this](const net::Peer&, BytesView) { ++frames_received_; };
    events.log = [this](LogLevel level, const std::string& text) { log_(level, text); };
    return events;
  }

  void on_time() {
    if (closing_) return;
    std::vector<adversary::Letter> letters;
    behaviour_->on_time(runtime::now().monotonic, letters);
    for (const adversary::Letter& letter : letters) {
      if (!links_->is_up(letter.to)) continue;
      const Bytes frame = letter.message ? wire::encode(*letter.message) : *letter.frame;
      links_->send(letter.to, frame, net::Priority::normal);
      ++frames_sent_;
      bytes_sent_ += frame.size();
    }
    set_timer();
  }
  void set_timer() {
    if (!behaviour_ || behaviour_->next() == core::Instant::max()) return timer_.cancel();
    timer_.set(behaviour_->next());
  }

  const ClientId id_;
  FaultyClientOptions options_;
  runtime::Logger log_;
  std::unique_ptr<runtime::Loop> loop_;
  const crypto::SodiumCrypto crypto_;
  const wire::DecodeLimits limits_;
  runtime::Timer& timer_;
  std::unique_ptr<net::Links> links_;
  std::shared_ptr<adversary::ClientBehaviour> behaviour_;  ///< Null: idle.
  bool closing_ = false;
  std::atomic<std::uint64_t> frames_sent_ = 0, bytes_sent_ = 0, frames_received_ = 0;
};

FaultyClient::FaultyClient(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
FaultyClient::FaultyClient(FaultyClient&&) noexcept = default;
FaultyClient& FaultyClient::operator=(FaultyClient&& other) noexcept {
  if (this == &other) return *this;
  stop();
  impl_ = std::move(other.impl_);
  return *this;
}
FaultyClient::~FaultyClient() { stop(); }

Result<FaultyClient> FaultyClient::start(const ClusterConfig& config, const ClientKey& key,
                                         FaultyClientOptions options) {
  if (const auto faults = config.faults(); !faults.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "cluster configuration, " + faults.front().path + ": " + faults.front().message};
  }
  Result<std::shared_ptr<Impl>> impl = Impl::start(config, key, std::move(options));
  if (!impl) return impl.error();
  return FaultyClient(*std::move(impl));
}

Result<void> FaultyClient::behave(const std::string& spec) { return impl_->behave(spec); }
FaultyClient::Counts FaultyClient::counts() const { return impl_->counts(); }
void FaultyClient::stop() {
  if (impl_) impl_->stop();
}

}  // namespace pbft::faulty
