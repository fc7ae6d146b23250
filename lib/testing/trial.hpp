// One run of a state machine through a script, in a process of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "testing/environment.hpp"
#include "testing/nursery.hpp"
#include "testing/script.hpp"

namespace pbft::testing {

struct Trial {
  Environment environment;
  std::vector<std::uint32_t> snapshots;  ///< After so many operations; ascending.
  bool asks_more = false;                ///< query() and valid() before each operation; `skip` is not asked.
  std::vector<bool> skip;                ///< By operation; may be empty.

  /// Begins with a snapshot that was taken after so many operations.
  struct Restore {
    std::uint32_t after = 0;
    Bytes snapshot;
    bool used = false;     ///< The machine has executed the whole script before.
    bool pieces = false;   ///< The snapshot comes in small pieces.
    bool failing = false;  ///< After the whole script, parts of it are loaded: what was there must stay.
  };
  std::optional<Restore> restore;
};

/// What came of it.
struct Outcome {
  struct Answer {
    enum class Kind : std::uint8_t { executed, queried, skipped } kind = Kind::skipped;
    Bytes bytes;
    bool operator==(const Answer&) const = default;
  };
  std::uint32_t first = 0;  ///< Operations before the first answer.
  std::vector<Answer> answers;
  std::map<std::uint32_t, Bytes> snapshots;
  std::string failure;  ///< Empty: it went through to the end.
};

/// Runs trials of one service and one script, each in a process of its own that begins like the others.
class Trials {
 public:
  /// Both outlive it. Throws std::system_error if no process can be had; so does run().
  Trials(const MachineFactory& make, const Script& script);
  Outcome run(const Trial& trial);

 private:
  Nursery nursery_;
};

}  // namespace pbft::testing
