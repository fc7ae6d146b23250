#include "testing/printable.hpp"

namespace pbft::testing {

std::string printable(BytesView bytes) {
  constexpr std::size_t most = 60;
  std::string text = "\"";
  for (std::size_t i = 0; i < bytes.size() && text.size() < most; ++i) {
    const std::uint8_t byte = bytes[i];
    text += byte >= ' ' && byte <= '~' ? std::string(1, static_cast<char>(byte))
                                       : "\\x" + to_hex(BytesView(&byte, 1));
    if (text.size() >= most && i + 1 < bytes.size()) return text + "...\"";
  }
  return text + "\"";
}

}  // namespace pbft::testing
