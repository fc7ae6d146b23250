// A replicated counter: the smallest useful state machine. Copy it to begin your own.
//
// Operations and results are text: "add 5" or "get" answers "ok 12", or "error " and the reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pbft/state_machine.hpp"

namespace counter {

class Counter : public pbft::StateMachine {
 public:
  pbft::Bytes execute(const pbft::Operation& operation, const pbft::Agreed& agreed) override;
  std::optional<pbft::Bytes> query(pbft::ClientId client, pbft::BytesView body) const override;
  void save(pbft::SnapshotWriter& writer) const override;
  pbft::Result<void> load(pbft::SnapshotReader& reader) override;

  std::int64_t value() const { return value_; }

 private:
  std::int64_t value_ = 0;
};

// For clients.
/// What `text`, such as "5" or "-7", says to add.
pbft::Result<std::int64_t> parse_amount(const std::string& text);
std::string add_operation(std::int64_t amount);
std::string get_operation();
/// The counter's value, or what the counter answered instead.
pbft::Result<std::int64_t> parse_result(pbft::BytesView result);

}  // namespace counter
