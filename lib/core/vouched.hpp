// Requests with tags for which a backup has vouched.
#pragma once

#include <cstdint>
#include <map>

#include "core/client_table.hpp"
#include "core/messages.hpp"

namespace pbft::core {

/// What is here, or is done, this replica votes for in the view in which it vouched. Only what is done is
/// forgotten, so a client cannot take back what the primary relies on; one that fills its share is vouched
/// for no more until some of it is done.
class Vouched {
 public:
  static constexpr std::size_t max_per_client = 1024;

  /// False: no room. REQUIRES: its tag for us was checked and holds.
  bool add(const Request& request, const ClientTable& table);
  bool contains(const Request& request) const;
  /// It is done.
  void drop(const Request& request);
  std::size_t size() const;

 private:
  std::map<ClientId, std::map<Digest, RequestNumber>> last_numbers_;  ///< By request.
};

}  // namespace pbft::core
