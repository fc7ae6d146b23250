#include "storage/memory_log.hpp"

namespace pbft::storage {

void MemoryLog::append(std::uint64_t token, core::Record record) {
  live_.keep(std::move(record));
  durable_(token);
}

std::vector<core::Record> MemoryLog::records() const { return live_.all(); }

}  // namespace pbft::storage
