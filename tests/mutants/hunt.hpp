// One mutant, seed after seed, in a process of its own: a bug may end it in any way.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "catalogue.hpp"
#include "sim/swarm.hpp"

namespace pbft::mutants {

struct Kill {
  bool killed = false;
  std::uint64_t seed = 0;        ///< That killed it; the last one if none did.
  std::uint64_t unsuitable = 0;  ///< Seeds that fail without the mutant as well: they prove nothing.
  std::string how;               ///< The first words of the violation.
  double seconds = 0;
};

/// Runs the seeds from `base` on, at most `budget`, until one of them fails with the mutant and is good
/// without.
class Hunt {
 public:
  Hunt(const Entry& entry, std::uint64_t base, std::uint64_t budget);
  ~Hunt();
  Hunt(const Hunt&) = delete;
  Hunt& operator=(const Hunt&) = delete;

  const Entry& entry() const { return entry_; }
  /// Of the child that runs it.
  pid_t process() const { return process_; }
  std::uint64_t seed() const;
  /// The child has ended like this. False: it was started again behind a seed that proves nothing.
  bool on_ended(int status);
  const Kill& result() const { return kill_; }

 private:
  struct Board;

  void start(std::uint64_t from);
  [[noreturn]] void run(std::uint64_t from);
  bool fails_without(std::uint64_t seed) const;

  const Entry& entry_;
  const std::uint64_t base_, end_;
  Board* board_;  ///< Shared with the child.
  pid_t process_ = -1;
  Kill kill_;
  double started_ = 0;
};

}  // namespace pbft::mutants
