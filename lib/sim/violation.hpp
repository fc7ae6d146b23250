// What the simulator throws when a promise of the protocol is broken.
#pragma once

#include <stdexcept>
#include <string>

namespace pbft::sim {

class Violation : public std::runtime_error {
 public:
  enum class Kind {
    safety,    ///< Two histories, an operation executed twice or lost, a correct replica that signs two of a
               ///< kind.
    liveness,  ///< Something that had to happen did not within its bound of virtual time.
  };
  Violation(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

[[noreturn]] inline void unsafe(const std::string& what) {
  throw Violation(Violation::Kind::safety, "safety: " + what);
}
[[noreturn]] inline void stuck(const std::string& what) {
  throw Violation(Violation::Kind::liveness, "liveness: " + what);
}

}  // namespace pbft::sim
