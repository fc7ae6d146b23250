// An IPv4 or IPv6 address with a port.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "net/limiter.hpp"

namespace pbft::net {

class Address {
 public:
  Address() = default;
  explicit Address(const sockaddr_storage& storage) : storage_(storage) {}
  /// nullopt if `host` is neither an IPv4 nor an IPv6 address. Names are not looked up: that would block the
  /// loop or take the thread pool of the user's process.
  static std::optional<Address> parse(const std::string& host, std::uint16_t port);
  /// Of a socket: its own side, the other side.
  static Address local(int socket);
  static Address remote(int socket);

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t raw_size() const;
  int family() const { return storage_.ss_family; }
  std::uint16_t port() const;
  std::string text() const;  ///< "127.0.0.1:7001", "[::1]:7001".
  Source source() const;

 private:
  sockaddr_storage storage_{};
};

}  // namespace pbft::net
