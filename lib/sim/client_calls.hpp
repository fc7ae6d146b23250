// What the clients asked and were answered, in the order in which it happened: all that they can know.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "check/history.hpp"
#include "check/model.hpp"
#include "pbft/types.hpp"

namespace pbft::sim {

/// The history of correct clients of a machine that answers as AppendLog does: "P:..." to the operation that
/// made it P changes, "@P" to a read that saw P. To its clients that is a counter. Knows nothing of replicas,
/// so it judges what the order looks like from outside, whatever it is inside.
class ClientCalls {
 public:
  void on_asked(ClientId client, std::uint64_t ticket);
  /// Without this it has no answer: it may have happened or not.
  void on_answered(ClientId client, std::uint64_t ticket, const Bytes& result);
  /// An operation of a client whose calls are not written down took effect.
  void on_unseen_change();

  /// I2.
  check::Verdict judge(const check::Bounds& bounds = {}) const;

 private:
  std::vector<check::Observed<check::Counter::Operation>> calls_;
  std::map<std::pair<ClientId, std::uint64_t>, std::size_t> open_;
  std::int64_t moment_ = 0;  ///< Counts calls and answers.
  bool is_counter_ = true;   ///< No answer was of another form.
};

}  // namespace pbft::sim
