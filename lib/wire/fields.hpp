// Fields of a frame that is being decoded, each read where it is checked.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/rejection.hpp"
#include "wire/capnp.hpp"
#include "wire/codec.hpp"

namespace pbft::wire {

/// Leaves decode() as its value; as an exception, so that every field is read where it is checked.
struct Refused {
  core::Rejection reason;
};

inline void require(bool condition, core::Rejection otherwise = core::Rejection::malformed) {
  if (!condition) throw Refused{otherwise};
}

template <class Array>
Array fixed(capnp::Data::Reader blob) {
  Array value;
  require(blob.size() == value.bytes.size());
  std::memcpy(value.bytes.data(), blob.begin(), value.bytes.size());
  return value;
}
inline Digest digest(capnp::Data::Reader blob) { return fixed<Digest>(blob); }
inline core::Signature signature(capnp::Data::Reader blob) { return fixed<core::Signature>(blob); }

/// Decodes each element, after the count was found to be within `limit`.
template <class List, class Decode>
auto decode_list(const List& list, std::size_t limit, Decode decode_element,
                 core::Rejection otherwise = core::Rejection::malformed) {
  require(list.size() <= limit, otherwise);
  std::vector<decltype(decode_element(list[0]))> values;
  values.reserve(list.size());
  for (const auto& element : list) values.push_back(decode_element(element));
  return values;
}

template <class Value, class Key>
void require_ascending(const std::vector<Value>& values, Key key) {
  const auto not_below = [&](const Value& a, const Value& b) { return !(key(a) < key(b)); };
  require(std::adjacent_find(values.begin(), values.end(), not_below) == values.end());
}

}  // namespace pbft::wire
