#include "bench/service/operation.hpp"

#include <algorithm>

namespace bench {
namespace {

constexpr std::uint8_t padding = 0x5a;

void put_u64(std::uint64_t value, std::uint8_t* to) {
  for (std::size_t i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t get_u64(const std::uint8_t* from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{from[i]} << (8 * i);
  return value;
}

}  // namespace

void encode(const Request& request, std::span<std::uint8_t> body) {
  body[0] = static_cast<std::uint8_t>(request.kind);
  put_u64(request.counter, body.data() + 1);
}

std::optional<Request> decode_request(pbft::BytesView body) {
  if (body.size() < min_request_bytes) return std::nullopt;
  const auto kind = static_cast<Kind>(body[0]);
  if (kind != Kind::write && kind != Kind::read && kind != Kind::audit) return std::nullopt;
  return Request{kind, get_u64(body.data() + 1)};
}

pbft::Bytes encode_position(std::uint64_t position, std::size_t bytes) {
  pbft::Bytes result(std::max(bytes, min_result_bytes), padding);
  put_u64(position, result.data());
  return result;
}

std::optional<std::uint64_t> decode_position(pbft::BytesView result, std::size_t bytes) {
  if (result.size() != std::max(bytes, min_result_bytes)) return std::nullopt;
  if (result.size() > min_result_bytes && result.back() != padding) return std::nullopt;
  return get_u64(result.data());
}

void append_u64(pbft::Bytes& to, std::uint64_t value) {
  to.resize(to.size() + 8);
  put_u64(value, to.data() + to.size() - 8);
}

std::optional<std::uint64_t> take_u64(pbft::BytesView& from) {
  if (from.size() < 8) return std::nullopt;
  const std::uint64_t value = get_u64(from.data());
  from = from.subspan(8);
  return value;
}

void append_audit(pbft::Bytes& to, const Audit& audit) {
  append_u64(to, audit.twice);
  append_u64(to, audit.executed.intervals().size());
  for (const auto& interval : audit.executed.intervals()) {
    append_u64(to, interval.first);
    append_u64(to, interval.end);
  }
}

std::optional<Audit> take_audit(pbft::BytesView& from) {
  Audit audit;
  const auto twice = take_u64(from);
  const auto count = take_u64(from);
  if (!twice || !count) return std::nullopt;
  audit.twice = *twice;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto first = take_u64(from);
    const auto end = take_u64(from);
    if (!first || !end || !audit.executed.append({*first, *end})) return std::nullopt;
  }
  return audit;
}

}  // namespace bench
