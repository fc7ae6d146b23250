#include "free_ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

std::vector<std::uint16_t> free_ports(std::size_t count) {
  std::vector<std::uint16_t> ports;
  std::vector<int> held;  // until all are chosen, so that none is chosen twice
  while (ports.size() < count) {
    held.push_back(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(held.back(), reinterpret_cast<sockaddr*>(&address), size) != 0) break;
    if (getsockname(held.back(), reinterpret_cast<sockaddr*>(&address), &size) != 0) break;
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int socket : held) close(socket);
  return ports;
}
