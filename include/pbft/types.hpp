// Identifiers, bytes and digests: the value types that every other header speaks in.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "pbft/export.hpp"

namespace pbft {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;  ///< Never owns; valid as long as what it points into.

/// A number that means one thing only: explicit in, explicit out (`.value`), ordered, never mixed up.
template <class Tag, class Rep>
struct Id {
  Rep value{};
  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value(v) {}
  constexpr auto operator<=>(const Id&) const = default;
  constexpr Id next() const { return Id(static_cast<Rep>(value + 1)); }
};

using ReplicaId = Id<struct ReplicaTag, std::uint32_t>;      ///< 0..n-1.
using ClientId = Id<struct ClientTag, std::uint64_t>;        ///< As listed in the cluster configuration.
using View = Id<struct ViewTag, std::uint64_t>;              ///< Primary of view v is v mod n.
using SeqNum = Id<struct SeqTag, std::uint64_t>;             ///< Position in the order; the first batch is 1.
using RequestNumber = Id<struct RequestTag, std::uint64_t>;  ///< A client's operations, counted from 1.
using Epoch = Id<struct EpochTag, std::uint64_t>;            ///< Membership generation; 0 is genesis.

/// Wall-clock time in microseconds since the Unix epoch.
struct Timestamp {
  std::uint64_t unix_us = 0;
  constexpr auto operator<=>(const Timestamp&) const = default;
};

/// 256-bit BLAKE2b digest (RFC 7693).
struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  constexpr auto operator<=>(const Digest&) const = default;
};

inline BytesView view_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline Bytes to_bytes(const std::string& text) { return Bytes(text.begin(), text.end()); }
inline std::string to_text(BytesView bytes) { return {bytes.begin(), bytes.end()}; }

/// Lower-case hexadecimal, two digits a byte.
PBFT_API std::string to_hex(BytesView bytes);

}  // namespace pbft

template <class Tag, class Rep>
struct std::hash<pbft::Id<Tag, Rep>> {
  std::size_t operator()(const pbft::Id<Tag, Rep>& id) const noexcept { return std::hash<Rep>{}(id.value); }
};
