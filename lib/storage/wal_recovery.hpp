// Reading a write-ahead log back: what is torn is cut, what is damaged is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/wal_segment.hpp"

namespace pbft::storage {

/// Called for each record in the order of the appends. `payload` is aligned to 8 bytes and valid during the
/// call. An error refuses the log; the file and the offset are added to its message.
using WalReplay = std::function<Result<void>(std::uint32_t type, BytesView payload)>;

namespace wal {

struct Recovery {
  Segment newest;
  std::uint64_t cut_bytes = 0;       ///< Of what was being written when the power failed: never durable.
  std::uint64_t appended_bytes = 0;  ///< Of the records behind the base.
  std::uint64_t base_bytes = 0;
  std::uint64_t incarnation = 0;  ///< Of the marker.
};

/// REQUIRES: the directory's lock. On error nothing was changed, unless the disk itself failed. On success
/// all that was replayed is durable, and what no restart needs is gone.
Result<Recovery> recover(Disk& disk, const std::string& directory, const WalIdentity& identity,
                         const WalReplay& replay);

/// Of a marker or header that names another owner.
Error foreign(const std::string& path, const WalIdentity& found);

}  // namespace wal
}  // namespace pbft::storage
