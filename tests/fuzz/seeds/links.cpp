#include "fuzz/script.hpp"
#include "fuzz/seeds.hpp"
#include "net/big_endian.hpp"

namespace pbft::fuzz {

// The choices as targets/handshake.cpp and targets/link.cpp take them.
void add_link_seeds(const AddSeed& add) {
  const Script one_is_right = Script().octets({0, 0, 0, 0, 0, 0, 0});
  add("handshake", "client", one_is_right);
  add("handshake", "replica", Script().octets({1, 0, 0, 0, 0, 0, 0}));
  add("handshake", "first-repeated", Script().raw(one_is_right).octets({0, 0, 3, 3, 3, 3}));
  add("handshake", "confirm-repeated", Script().raw(one_is_right).octets({0, 0, 0, 0, 0, 0, 3}));
  add("handshake", "hello-changed", Script().octets({0, 0, 1, 0, 9, 2}));
  add("handshake", "answer-changed", Script().octets({0, 0, 0, 0, 1, 0, 8, 1, 0}));
  add("handshake", "other-genesis", Script().octets({0, 129, 1, 0, 0, 0, 0, 0}));
  add("handshake", "other-cluster", Script().octets({0, 130, 5, 1, 0, 0, 0}));
  add("handshake", "other-version", Script().octets({0, 132, 2, 3, 0, 0, 0}));
  add("handshake", "other-key", Script().octets({0, 144, 0, 0, 0}));
  add("handshake", "invented",
      Script().octets({0, 0, 2}).raw(std::string_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));

  add("link", "frames", Script().octets({2, 1, 2, 10, 1, 100, 2, 5, 3, 1, 0, 7, 8, 0, 0, 0}));
  Bytes stream;
  for (const std::uint32_t size : {3U, 0U, 2U}) {
    net::put_u32(stream, size);
    stream.insert(stream.end(), size, 9);
  }
  add("link", "pieces",
      Script()
          .octet(1)
          .octet(0)
          .piece(BytesView(stream).first(6))
          .octet(0)
          .piece(BytesView(stream).subspan(6))
          .octets({0, 0})
          .wide(3)
          .wide(40));
  add("link", "too-long", Script().octets({0, 0}).piece(Bytes{0, 0, 1, 0}).octets({0, 0}));
  add("link", "changed", Script().octets({0, 1, 0, 20, 1, 1}).wide(9).octets({1, 3, 0, 0}));
}

}  // namespace pbft::fuzz
