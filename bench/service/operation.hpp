// What the benchmark's clients ask of its service, and what that answers, byte for byte (little-endian).
//
//   operation  kind (1) counter (8) padding
//   result     position (8) padding                         of a write or read
//              twice (8) intervals (8) { first (8) end (8) }   of an audit
//   A malformed operation has an empty result.
#pragma once

#include <cstdint>
#include <optional>

#include "bench/service/interval_set.hpp"
#include "pbft/types.hpp"

namespace bench {

enum class Kind : std::uint8_t {
  write = 1,  ///< Counted. The answer: its place among all writes of all clients, from 1.
  read = 2,   ///< The answer: how many writes there were.
  audit = 3,  ///< The answer: which of this client's writes were executed.
};

/// `counter` is the client's own name for a write: each is used once.
struct Request {
  Kind kind = Kind::write;
  std::uint64_t counter = 0;
};

/// What the service knows of one client.
struct Audit {
  IntervalSet executed;     ///< The counters of its writes.
  std::uint64_t twice = 0;  ///< How many writes came with a counter that was there already.
  bool operator==(const Audit&) const = default;
};

inline constexpr std::size_t min_request_bytes = 9;
inline constexpr std::size_t min_result_bytes = 8;

/// Into the first bytes of `body`, which has at least min_request_bytes.
void encode(const Request& request, std::span<std::uint8_t> body);
std::optional<Request> decode_request(pbft::BytesView body);

/// `bytes` long, at least min_result_bytes.
pbft::Bytes encode_position(std::uint64_t position, std::size_t bytes);
/// nullopt unless it is as long as it should be.
std::optional<std::uint64_t> decode_position(pbft::BytesView result, std::size_t bytes);

void append_audit(pbft::Bytes& to, const Audit& audit);
/// Takes it off the front of `from`; nullopt if there is none.
std::optional<Audit> take_audit(pbft::BytesView& from);

void append_u64(pbft::Bytes& to, std::uint64_t value);
std::optional<std::uint64_t> take_u64(pbft::BytesView& from);

}  // namespace bench
