#include "core/vouched.hpp"

namespace pbft::core {

bool Vouched::add(const Request& request, const ClientTable& table) {
  auto& share = last_numbers_[request.client];
  if (share.contains(request.digest)) return true;
  if (share.size() >= max_per_client) {
    const RequestNumber floor = table.floor(request.client);
    std::erase_if(share, [floor](const auto& entry) { return entry.second <= floor; });
    if (share.size() >= max_per_client) return false;
  }
  share.emplace(request.digest, request.items.empty() ? request.first : request.last());
  return true;
}

bool Vouched::contains(const Request& request) const {
  const auto share = last_numbers_.find(request.client);
  return share != last_numbers_.end() && share->second.contains(request.digest);
}

void Vouched::drop(const Request& request) {
  const auto share = last_numbers_.find(request.client);
  if (share == last_numbers_.end()) return;
  share->second.erase(request.digest);
  if (share->second.empty()) last_numbers_.erase(share);
}

std::size_t Vouched::size() const {
  std::size_t size = 0;
  for (const auto& [client, share] : last_numbers_) size += share.size();
  return size;
}

}  // namespace pbft::core
