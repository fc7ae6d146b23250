#include "net/limiter.hpp"

#include <algorithm>
#include <utility>

namespace pbft::net {
namespace {

Source network_of(Source source) {
  const bool is_v4 = std::all_of(source.begin(), source.begin() + 10, [](auto byte) { return byte == 0; }) &&
                     source[10] == 0xff && source[11] == 0xff;
  if (!is_v4) std::fill(source.begin() + 8, source.end(), std::uint8_t{0});
  return source;
}

}  // namespace

std::uint64_t TokenBucket::tokens_at(std::uint64_t now_ms) const {
  // A long pause fills any bucket; the bound keeps the product small.
  const std::uint64_t passed_ms = std::min(now_ms - filled_at_ms_, capacity_);
  return std::min(capacity_, tokens_ + passed_ms * per_second_);
}

bool TokenBucket::take(std::uint64_t now_ms) {
  tokens_ = tokens_at(now_ms);
  filled_at_ms_ = now_ms;
  if (tokens_ < token) return false;
  tokens_ -= token;
  return true;
}

bool TokenBucket::is_full(std::uint64_t now_ms) const { return tokens_at(now_ms) == capacity_; }

bool LineBudget::take(std::uint64_t now_ms) {
  if (bucket_.take(now_ms)) return true;
  ++left_out_;
  return false;
}

std::string LineBudget::note() {
  if (left_out_ == 0) return {};
  return " (" + std::to_string(std::exchange(left_out_, 0)) + " lines of this kind were left out)";
}

HandshakeLimiter::HandshakeLimiter(std::uint32_t per_second, std::uint32_t burst,
                                   const std::set<Source>& configured)
    : fresh_(per_second, burst), all_strangers_(per_second * strangers_share, burst * strangers_share) {
  for (const Source& source : configured) configured_.emplace(source, fresh_);
}

bool HandshakeLimiter::allow(const Source& source, std::uint64_t now_ms) {
  if (const auto known = configured_.find(source); known != configured_.end())
    return known->second.take(now_ms);
  const Source network = network_of(source);
  auto stranger = strangers_.find(network);
  if (stranger == strangers_.end()) {
    if (strangers_.size() >= max_strangers) {
      // A full bucket is as good as none: forgetting it gives nothing away.
      std::erase_if(strangers_, [now_ms](const auto& entry) { return entry.second.is_full(now_ms); });
    }
    if (strangers_.size() >= max_strangers) return false;
    stranger = strangers_.emplace(network, fresh_).first;
  }
  return stranger->second.take(now_ms) && all_strangers_.take(now_ms);
}

}  // namespace pbft::net
