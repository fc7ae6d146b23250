#include "faulty/faulty_replica.hpp"

#include <optional>
#include <utility>

#include "adversary/behaviour.hpp"
#include "runtime/clock.hpp"
#include "runtime/tamper.hpp"

namespace pbft::faulty {

/// Everything without a comment on its thread belongs to the replica's loop.
class FaultyReplica::Tampering : public runtime::Tamper {
 public:
  explicit Tampering(std::uint64_t seed) : seed_(seed) {}

  /// Any thread, once the replica has started.
  Result<void> behave(const std::string& spec) {
    auto made = adversary::make_behaviour(spec, {inside_->id, inside_->crypto, inside_->limits, seed_});
    if (!made) return made.error();
    inside_->loop.post([this, behaviour = std::shared_ptr<adversary::Behaviour>(*std::move(made))] {
      behaviour_ = behaviour;
      set_timer();
    });
    return {};
  }

  void enter(Inside inside) override {
    inside_.emplace(std::move(inside));
    timer_ = &inside_->loop.add_timer([this] { on_time(); });
  }
  void on_send(const core::Identity& to, const core::MessagePtr& message) override {
    adversary::Traffic traffic;
    behaviour_->on_send(runtime::now().monotonic, {to, message, nullptr}, traffic);
    carry(traffic);
  }
  void on_receive(const core::Identity& from, core::AuthenticMessage message) override {
    adversary::Traffic traffic;
    behaviour_->on_receive(runtime::now().monotonic, {from, std::move(message)}, traffic);
    carry(traffic);
  }

 private:
  void on_time() {
    adversary::Traffic traffic;
    behaviour_->on_time(runtime::now().monotonic, traffic);
    carry(traffic);
  }
  void carry(adversary::Traffic& traffic) {
    for (const adversary::Letter& letter : traffic.out) {
      if (letter.message) {
        inside_->send(letter.to, *letter.message);
      } else {
        inside_->send_frame(letter.to, *letter.frame);
      }
    }
    for (adversary::Heard& heard : traffic.in) inside_->hear(heard.from, std::move(heard.message));
    set_timer();
  }
  void set_timer() {
    if (const auto next = behaviour_->next()) {
      timer_->set(*next);
    } else {
      timer_->cancel();
    }
  }

  const std::uint64_t seed_;
  std::optional<Inside> inside_;
  runtime::Timer* timer_ = nullptr;
  std::shared_ptr<adversary::Behaviour> behaviour_ = std::make_shared<adversary::Behaviour>();
};

FaultyReplica::FaultyReplica(std::shared_ptr<Tampering> tampering, Replica replica)
    : tampering_(std::move(tampering)), replica_(std::move(replica)) {}
FaultyReplica::FaultyReplica(FaultyReplica&&) noexcept = default;
FaultyReplica& FaultyReplica::operator=(FaultyReplica&&) noexcept = default;
FaultyReplica::~FaultyReplica() = default;

Result<FaultyReplica> FaultyReplica::start(const ClusterConfig& config, const ReplicaKey& key,
                                           StateMachine& machine, const ReplicaOptions& options,
                                           std::uint64_t seed) {
  const auto tampering = std::make_shared<Tampering>(seed);
  Result<Replica> replica = runtime::Seam::start(config, key, machine, options, tampering);
  if (!replica) return replica.error();
  return FaultyReplica(tampering, *std::move(replica));
}

Result<void> FaultyReplica::behave(const std::string& spec) { return tampering_->behave(spec); }
ReplicaStatus FaultyReplica::status() const { return replica_.status(); }
void FaultyReplica::stop() { replica_.stop(); }

}  // namespace pbft::faulty
