// The text that names behaviours: "slow(10ms)+drop(20%)".
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pbft/limits.hpp"
#include "pbft/result.hpp"
#include "pbft/types.hpp"

namespace pbft::adversary {

struct Term {
  std::string name;
  std::vector<std::string> arguments;  ///< What stands in parentheses, parted by blanks or commas.
};

/// At least one. Errors say what does not fit.
Result<std::vector<Term>> parse(std::string_view spec);

/// Takes a term's arguments one after the other. What is wrong with one is kept for finish().
class Arguments {
 public:
  explicit Arguments(const Term& term) : term_(term) {}

  // Each takes the next argument, or gives `otherwise` if there is none left.
  Duration duration(Duration otherwise);          ///< "10ms", "2s", "500us"; at most a minute.
  double share(double otherwise);                 ///< "20%": 0.2.
  double megabytes_per_second(double otherwise);  ///< "5MB/s".
  double per_second(double otherwise);            ///< "100/s".
  bool is_rate_next() const;
  /// All that is left, ids below `n`; empty if nothing is.
  std::set<ReplicaId> replicas(std::uint32_t n);
  /// "client 2": two arguments.
  ClientId client();

  /// Nothing may be left. The error names the argument.
  Result<void> finish();

 private:
  std::optional<std::string> take();
  /// The next argument's number in front of `unit`; the first unit that fits gives its index.
  std::optional<double> number(const std::vector<std::string_view>& units, std::size_t& which,
                               const char* example);
  void fail(const std::string& argument, const std::string& expected);

  const Term& term_;
  std::size_t at_ = 0;
  std::string error_;
};

/// "a, b and c"; for error messages.
std::string list_of(const std::vector<std::string>& words);

}  // namespace pbft::adversary
