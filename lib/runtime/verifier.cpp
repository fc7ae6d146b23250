#include "runtime/verifier.hpp"

#include "runtime/thread.hpp"

namespace pbft::runtime {

Verifier::Verifier(const core::Crypto& crypto, const wire::DecodeLimits& limits, unsigned workers,
                   Deliver deliver, std::function<void()> verdicts_ready)
    : crypto_(crypto),
      limits_(limits),
      authenticator_(crypto, core::Quorums(limits.replicas)),
      max_waiting_bytes_(2 * limits.max_frame_bytes()),
      deliver_(std::move(deliver)),
      verdicts_ready_(std::move(verdicts_ready)) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(start_thread([this] { work(); }));
}

Verifier::~Verifier() { stop(); }

Verdict Verifier::judge(const core::Identity& from, BytesView frame) const {
  auto decoded = wire::decode(frame, limits_, crypto_);
  if (const auto* rejection = std::get_if<core::Rejection>(&decoded)) return *rejection;
  return authenticator_.authenticate(std::move(std::get<core::Message>(decoded)), from);
}

void Verifier::judge_in_place(const core::Identity& from, BytesView frame) {
  auto decoded = wire::decode(frame, limits_, crypto_);
  if (const auto* rejection = std::get_if<core::Rejection>(&decoded)) return deliver_(from, *rejection);
  auto& message = std::get<core::Message>(decoded);
  if (dismiss_ && dismiss_(from, message)) return;
  deliver_(from, authenticator_.authenticate(std::move(message), from));
}

bool Verifier::submit(const core::Identity& from, BytesView frame) {
  if (workers_.empty()) {
    judge_in_place(from, frame);
    return true;
  }
  Lane& lane = lane_of(from);
  if (lane.in_order.empty() && wire::has_no_signature(frame)) {
    judge_in_place(from, frame);
    return true;
  }
  if (lane.in_order.size() >= max_waiting_frames || lane.bytes + frame.size() > max_waiting_bytes_)
    return false;
  auto job = std::make_shared<Job>(Job{Bytes(frame.begin(), frame.end()), {}, false});
  lane.bytes += frame.size();
  lane.in_order.push_back(job);
  {
    const std::lock_guard lock(mutex_);
    if (lane.unclaimed.empty()) turns_.push_back(&lane);
    lane.unclaimed.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

Verifier::Lane& Verifier::lane_of(const core::Identity& from) {
  return lanes_.try_emplace(from, Lane{from}).first->second;
}

void Verifier::deliver_finished() {
  std::vector<std::pair<Lane*, std::shared_ptr<Job>>> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (auto& [lane, job] : finished) {
    job->finished = true;
    while (!lane->in_order.empty() && lane->in_order.front()->finished) {
      const std::shared_ptr<Job> next = std::move(lane->in_order.front());
      lane->in_order.pop_front();
      lane->bytes -= next->frame.size();
      deliver_(lane->from, std::move(*next->verdict));
    }
  }
}

void Verifier::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) {
    if (worker.joinable()) worker.join();
  }
}

void Verifier::work() noexcept {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !turns_.empty(); });
    if (stopping_) return;
    Lane& lane = *turns_.front();
    turns_.pop_front();
    const std::shared_ptr<Job> job = std::move(lane.unclaimed.front());
    lane.unclaimed.pop_front();
    if (!lane.unclaimed.empty()) turns_.push_back(&lane);

    lock.unlock();
    job->verdict = judge(lane.from, job->frame);
    lock.lock();

    finished_.emplace_back(&lane, job);
    if (finished_.size() == 1) verdicts_ready_();
  }
}

}  // namespace pbft::runtime
