#include "config/free_ports.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace app {

pbft::Result<std::vector<std::uint16_t>> free_ports(std::uint32_t count) {
  std::vector<std::uint16_t> ports;
  std::vector<int> sockets;  // all open until the last is bound, so that no port comes twice
  for (std::uint32_t i = 0; i < count; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || ::bind(fd, generic, size) != 0 || ::getsockname(fd, generic, &size) != 0) break;
    sockets.push_back(fd);
    ports.push_back(ntohs(address.sin_port));
  }
  const int why = errno;
  for (const int fd : sockets) ::close(fd);
  if (ports.size() != count)
    return pbft::Error{pbft::ErrorCode::io,
                       std::string("no free port on 127.0.0.1: ") + std::generic_category().message(why)};
  return ports;
}

}  // namespace app
