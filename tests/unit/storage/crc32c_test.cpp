#include <doctest/doctest.h>

#include "storage/crc32c.hpp"

namespace {
using namespace pbft;
using storage::crc32c;
using storage::crc32c_by_table;

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 131 + (i >> 8));
  return bytes;
}

void check(const Bytes& bytes, std::uint32_t expected) {
  CHECK(crc32c(bytes) == expected);
  CHECK(crc32c_by_table(bytes) == expected);
}
}  // namespace

TEST_CASE("crc32c: the examples of RFC 3720, B.4") {
  Bytes ascending(32);
  Bytes descending(32);
  for (std::uint8_t i = 0; i < 32; ++i) {
    ascending[i] = i;
    descending[i] = static_cast<std::uint8_t>(31 - i);
  }
  Bytes read_command(48);
  read_command[0] = 0x01;
  read_command[1] = 0xc0;
  read_command[16] = 0x14;
  read_command[22] = 0x04;
  read_command[27] = 0x14;
  read_command[31] = 0x18;
  read_command[32] = 0x28;
  read_command[40] = 0x02;
  check(Bytes(32, 0x00), 0x8a9136aa);
  check(Bytes(32, 0xff), 0x62a8ab43);
  check(ascending, 0x46dd794e);
  check(descending, 0x113fdb5c);
  check(read_command, 0xd9963a56);
  check(to_bytes("123456789"), 0xe3069283);
  check({}, 0);
}

TEST_CASE("crc32c: table and instruction agree at every length and alignment") {
  const Bytes bytes = pattern(300);
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t size = 0; from + size <= bytes.size(); ++size) {
      const BytesView part = BytesView(bytes).subspan(from, size);
      CHECK(crc32c(part) == crc32c_by_table(part));
    }
  }
}

TEST_CASE("crc32c: in two parts as in one") {
  const Bytes bytes = pattern(100);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    const BytesView all(bytes);
    CHECK(crc32c(all.subspan(split), crc32c(all.first(split))) == crc32c(all));
  }
}
