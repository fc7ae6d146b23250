#include "bench/load/load_client.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bench {

LoadClient::LoadClient(std::uint32_t index, const LoadPlan& plan, Recorder& recorder, Owner& owner)
    : index_(index),
      plan_(plan),
      recorder_(recorder),
      owner_(owner),
      slots_(plan.outstanding, Slot{this}),
      body_(std::max<std::size_t>(plan.request_bytes, min_request_bytes)),
      random_state_((plan.seed << 32) + plan.first_client + index) {}

std::string LoadClient::name() const { return "client " + std::to_string(plan_.first_client + index_); }

// splitmix64 (Steele et al. 2014).
std::uint64_t LoadClient::random() {
  std::uint64_t z = random_state_ += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

pbft::Result<void> LoadClient::connect(const pbft::ClusterConfig& config, const pbft::ClientKey& key,
                                       const pbft::ClientOptions& options,
                                       std::function<void(const std::string&)> done) {
  auto client = pbft::Client::connect(config, key, options);
  if (!client) return client.error();
  client_ = *std::move(client);
  ask([this, done = std::move(done)](const std::optional<Audit>& audit, const std::string& why) {
    if (!audit) return done(name() + ": " + why);
    next_counter_ = first_counter_ = audit->executed.end();
    twice_before_ = audit->twice;
    done({});
  });
  return {};
}

void LoadClient::ask(OnAudit done) {
  std::array<std::uint8_t, min_request_bytes> body;
  encode({Kind::audit, 0}, body);
  client_->invoke_async(body, [done = std::move(done)](const pbft::Result<pbft::Bytes>& outcome) {
    if (!outcome) return done(std::nullopt, outcome.error().message);
    pbft::BytesView rest = *outcome;
    const auto audit = take_audit(rest);
    if (!audit || !rest.empty()) return done(std::nullopt, "the replicas do not run the benchmark's service");
    done(audit, {});
  });
}

void LoadClient::send(Slot& slot, std::int64_t due_ns) {
  slot.due_ns = due_ns;
  slot.sent_ns = now_ns();
  slot.is_read = plan_.reads_percent != 0 && random() % 100 < plan_.reads_percent;
  slot.counter = slot.is_read ? 0 : next_counter_++;
  encode({slot.is_read ? Kind::read : Kind::write, slot.counter}, body_);
  const auto done = [&slot](const pbft::Result<pbft::Bytes>& outcome) {
    slot.client->on_answer(slot, outcome);
  };
  recorder_.on_offered(due_ns);
  slot.is_read ? client_->query_async(body_, done) : client_->invoke_async(body_, done);
}

void LoadClient::on_answer(Slot& slot, const pbft::Result<pbft::Bytes>& outcome) {
  if (!outcome) {
    recorder_.on_failed(outcome.error().message, now_ns());
  } else if (const auto position = decode_position(*outcome, plan_.reply_bytes)) {
    recorder_.on_done(index_, slot.due_ns, {slot.sent_ns, now_ns(), *position, !slot.is_read});
    if (!slot.is_read) acknowledged_.add(slot.counter);
  } else {
    recorder_.on_violation(name() + " was given " + std::to_string(outcome->size()) +
                           " bytes that are no result of the service");
  }
  owner_.on_idle(slot);
}

void LoadClient::audit(std::function<void()> done) {
  ask([this, done = std::move(done)](const std::optional<Audit>& audit, const std::string& why) {
    auto& result = recorder_.result();
    result.submitted += next_counter_ - first_counter_;
    result.acknowledged += acknowledged_.size();
    if (audit) {
      compare(*audit);
    } else {
      ++result.unaudited_clients;
      recorder_.on_failed("audit of " + name() + ": " + why, now_ns());
    }
    done();
  });
}

void LoadClient::compare(const Audit& audit) {
  if (const auto lost = audit.executed.first_missing(acknowledged_)) {
    recorder_.on_violation("write " + std::to_string(*lost) + " of " + name() +
                           " was acknowledged and is not in the state");
  } else {
    recorder_.result().audited += acknowledged_.size();
  }
  if (audit.twice != twice_before_)
    recorder_.on_violation(std::to_string(audit.twice - twice_before_) + " writes of " + name() +
                           " were executed twice");
  if (audit.executed.end() > next_counter_)
    recorder_.on_violation("write " + std::to_string(audit.executed.end() - 1) + " of " + name() +
                           " was executed and never sent");
}

}  // namespace bench
