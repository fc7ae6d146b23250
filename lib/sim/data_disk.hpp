// The disk of one simulated replica: it outlives the processes that use it, and fails as a test asks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "storage/virtual_disk.hpp"

namespace pbft::sim {

enum class Storage : std::uint8_t {
  memory,  ///< As durable as the process: whoever is restarted has lost its memory.
  disk,    ///< The log and the checkpoints of production, on a virtual disk.
};

class DataDisk {
 public:
  using Operation = storage::VirtualDisk::Operation;
  static constexpr char directory[] = "/data";
  static constexpr char checkpoints[] = "/data/checkpoints";

  DataDisk();
  DataDisk(const DataDisk&) = delete;
  DataDisk& operator=(const DataDisk&) = delete;

  storage::VirtualDisk& files() { return *files_; }
  /// Asked before each operation; an Error is what the operation returns.
  std::function<Result<void>(Operation, const std::string& path)> fault;

  // ---- Losing power -------------------------------------------------------------------------------------
  /// Counted since genesis: each operation that changes something, before it, and each mark().
  std::uint64_t points() const { return points_; }
  /// At this point power is lost: from there on every operation fails, until crash().
  void doom(std::uint64_t point) { doom_ = point; }
  /// Something has just become durable, and nobody knows yet.
  void mark() { pass_point(); }
  bool is_dead() const { return dead_; }
  /// Whatever is being written now will be written, and nothing of it is durable.
  void begin_dying();
  void crash(std::uint64_t seed);

  // ---- Old copies ---------------------------------------------------------------------------------------
  using Copy = std::map<std::string, Bytes>;  ///< By path.
  Copy copy() const;
  void put_back(const Copy& copy);
  /// As new; no doom.
  void erase();
  /// The names in a directory that begin so, with their path, ascending.
  std::vector<std::string> paths(const std::string& in, const std::string& beginning = "") const;

 private:
  bool pass_point();
  void watch();

  std::unique_ptr<storage::VirtualDisk> files_;
  std::uint64_t points_ = 0;
  std::optional<std::uint64_t> doom_;
  bool dead_ = false;   ///< Power is gone.
  bool dying_ = false;  ///< Nothing becomes durable any more.
};

}  // namespace pbft::sim
