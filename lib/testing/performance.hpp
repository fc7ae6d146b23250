// A state machine goes through a script: the part of a trial that runs in the child.
#pragma once

#include "testing/trial.hpp"

namespace pbft::testing {

/// Who sees it.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual void begins(
      const std::string& call) = 0;  ///< "execute() of operation 17": what may end the process.
  virtual void answers(Outcome::Answer::Kind kind, BytesView bytes) = 0;
  virtual void saves(std::uint32_t after, BytesView bytes) = 0;
  virtual void fails(const std::string& how) = 0;  ///< Completes the sentence of begins().
};

/// Changes the environment of this process.
void perform(const MachineFactory& make, const Script& script, const Trial& trial, Stage& stage);

}  // namespace pbft::testing
