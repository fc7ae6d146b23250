// What is judged, at what cost, and the verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pbft::check {

/// An operation and when it was asked and answered, on a clock that all share.
template <class Operation>
struct Observed {
  Operation operation;
  std::int64_t start = 0;
  std::optional<std::int64_t> end = {};  ///< None: it has no answer.
};

/// How much a search may cost. A history can be such that deciding takes exponential time (Gibbons and Korach
/// 1997); one of an object whose answers tell much, as an order's do, takes about as many configurations as
/// it has operations.
struct Bounds {
  std::size_t configurations = 1'000'000;  ///< For one object; each takes some 60 bytes.
};

struct Verdict {
  enum class Kind : std::uint8_t {
    linearizable,
    violated,
    undecided,  ///< The bound was reached first.
  };
  Kind kind = Kind::linearizable;
  /// Of a violation: the earliest answer that no order explains, in words.
  std::string why;
  /// Of a linearizable history: an order that explains it, object by object, as indices of operations. Those
  /// without an answer that need not have happened are not in it.
  std::vector<std::size_t> order;
  std::size_t configurations = 0;  ///< Looked at.
  bool is_good() const { return kind == Kind::linearizable; }
};

}  // namespace pbft::check
