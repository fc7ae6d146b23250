// Calls and answers in the order of their times, without those of the operations that have their place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pbft::check {

struct Interval {
  std::int64_t start = 0;
  std::optional<std::int64_t> end;
};

/// A doubly linked list, from which an operation is taken, and put back, in constant time. What was taken
/// last must be put back first.
class Timeline {
 public:
  explicit Timeline(const std::vector<Interval>& intervals);

  /// Names a set of operations by 128 bits that are the exclusive or of one random word for each: two sets of
  /// one history that are confused are as likely as a hash collision of that length.
  struct Placed {
    std::uint64_t high = 0, low = 0;
    bool operator==(const Placed&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Placed& placed) const { return static_cast<std::size_t>(placed.low); }
  };
  /// The set of those taken, if `index` were.
  Placed placed_with(std::uint32_t index) const;

  void take(std::uint32_t index);
  void put_back(std::uint32_t index);
  /// Those left that were asked before any of those left was answered, in the order in which they were asked;
  /// valid until the next call.
  const std::vector<std::uint32_t>& eligible() const;

 private:
  struct Moment {
    std::uint32_t operation = 0;
    bool is_answer = false;
    std::uint32_t before = 0, after = 0;
  };
  void unlink(std::uint32_t moment);
  void link(std::uint32_t moment);
  static Placed word_of(std::uint32_t index);

  std::vector<Moment> moments_;                 // the first and the last are no operation's
  std::vector<std::uint32_t> calls_, answers_;  // by operation; 0: no answer
  Placed taken_;
  mutable std::vector<std::uint32_t> eligible_;
};

}  // namespace pbft::check
