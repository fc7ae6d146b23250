#include "net/address.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace pbft::net {
namespace {

const sockaddr_in& as_v4(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr_in&>(storage);
}
const sockaddr_in6& as_v6(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr_in6&>(storage);
}
constexpr std::size_t v4_offset = 12;  // Of an IPv4 address in its IPv6-mapped form (RFC 4291, 2.5.5.2).

}  // namespace

std::optional<Address> Address::parse(const std::string& host, std::uint16_t port) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage_);
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return address;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage_);
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return address;
  }
  return std::nullopt;
}

Address Address::local(int socket) {
  Address address;
  socklen_t size = sizeof(address.storage_);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address.storage_), &size);
  return address;
}

Address Address::remote(int socket) {
  Address address;
  socklen_t size = sizeof(address.storage_);
  getpeername(socket, reinterpret_cast<sockaddr*>(&address.storage_), &size);
  return address;
}

socklen_t Address::raw_size() const {
  return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

std::uint16_t Address::port() const {
  return ntohs(family() == AF_INET6 ? as_v6(storage_).sin6_port : as_v4(storage_).sin_port);
}

std::string Address::text() const {
  char host[INET6_ADDRSTRLEN] = "?";
  const std::string port_text = ":" + std::to_string(port());
  if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &as_v6(storage_).sin6_addr, host, sizeof(host));
    return "[" + std::string(host) + "]" + port_text;
  }
  inet_ntop(AF_INET, &as_v4(storage_).sin_addr, host, sizeof(host));
  return host + port_text;
}

Source Address::source() const {
  Source source{};
  if (family() != AF_INET6) {
    source[v4_offset - 2] = source[v4_offset - 1] = 0xff;
    std::memcpy(source.data() + v4_offset, &as_v4(storage_).sin_addr, 4);
    return source;
  }
  std::memcpy(source.data(), &as_v6(storage_).sin6_addr, source.size());
  return source;
}

}  // namespace pbft::net
