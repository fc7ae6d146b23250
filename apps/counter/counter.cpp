#include "counter/counter.hpp"

#include <array>
#include <charconv>
#include <string_view>

namespace counter {
namespace {

constexpr std::string_view add_prefix = "add ";
constexpr std::string_view get_text = "get";
constexpr std::string_view ok_prefix = "ok ";
constexpr std::string_view error_prefix = "error ";

std::string_view text_of(pbft::BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

pbft::Bytes ok(std::int64_t value) { return pbft::to_bytes(std::string(ok_prefix) + std::to_string(value)); }
pbft::Bytes error(std::string_view why) { return pbft::to_bytes(std::string(error_prefix).append(why)); }

}  // namespace

pbft::Bytes Counter::execute(const pbft::Operation& operation, const pbft::Agreed&) {
  const std::string_view text = text_of(operation.body);
  if (text == get_text) return ok(value_);
  if (!text.starts_with(add_prefix)) return error("there are two operations: add NUMBER, get");
  const auto amount = parse_number(text.substr(add_prefix.size()));
  if (!amount) return error("add needs a whole number of 64 bits");
  std::int64_t sum = 0;
  if (__builtin_add_overflow(value_, *amount, &sum)) return error("the sum would leave 64 bits");
  value_ = sum;
  return ok(value_);
}

std::optional<pbft::Bytes> Counter::query(pbft::ClientId, pbft::BytesView body) const {
  if (text_of(body) == get_text) return ok(value_);
  return error("there is one query: get");
}

void Counter::save(pbft::SnapshotWriter& writer) const {
  std::array<std::uint8_t, 8> bytes{};  // big-endian, so that equal states write equal bytes on every machine
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value_) >> (56 - 8 * i));
  }
  writer.write(bytes);
}

pbft::Result<void> Counter::load(pbft::SnapshotReader& reader) {
  std::array<std::uint8_t, 9> bytes{};  // one more than there should be
  std::size_t size = 0;
  while (const std::size_t count = reader.read(std::span(bytes).subspan(size))) size += count;
  if (size != 8) return pbft::Error{pbft::ErrorCode::invalid_argument, "a counter's snapshot has 8 bytes"};
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[i];
  value_ = static_cast<std::int64_t>(value);
  return {};
}

pbft::Result<std::int64_t> parse_amount(const std::string& text) {
  if (const auto amount = parse_number(text)) return *amount;
  return pbft::Error{pbft::ErrorCode::invalid_argument,
                     "add " + text + ": give a whole number of 64 bits, such as 5 or -7"};
}

std::string add_operation(std::int64_t amount) { return std::string(add_prefix) + std::to_string(amount); }
std::string get_operation() { return std::string(get_text); }

pbft::Result<std::int64_t> parse_result(pbft::BytesView result) {
  const std::string_view text = text_of(result);
  if (text.starts_with(ok_prefix)) {
    if (const auto value = parse_number(text.substr(ok_prefix.size()))) return *value;
  }
  if (text.starts_with(error_prefix)) {
    return pbft::Error{pbft::ErrorCode::rejected, std::string(text.substr(error_prefix.size()))};
  }
  return pbft::Error{pbft::ErrorCode::rejected, "the service does not answer like a counter"};
}

}  // namespace counter
