// The log of a replica that keeps its data in memory: as durable as the process, no more.
#pragma once

#include <utility>

#include "storage/live_records.hpp"
#include "storage/log.hpp"

namespace pbft::storage {

/// Calls Durable from within append().
class MemoryLog : public Log {
 public:
  explicit MemoryLog(Durable durable) : durable_(std::move(durable)) {}
  void append(std::uint64_t token, core::Record record) override;
  std::vector<core::Record> records() const override;

 private:
  Durable durable_;
  LiveRecords live_;
};

}  // namespace pbft::storage
