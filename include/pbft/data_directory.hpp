// Where a replica keeps its data: how it begins, and what is in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pbft/config.hpp"
#include "pbft/export.hpp"
#include "pbft/result.hpp"

namespace pbft {

/// Makes the data directory of a replica that has never run: once, when its cluster is created. It is the
/// promise that this identity has signed nothing yet. A replica that has run and whose directory is lost is
/// started without one: it then makes its own and asks to vote again (ReplicaOptions::data_directory).
/// Parents of `directory` must exist. Returns when all of it is durable.
/// Errors: invalid_argument (`config` has faults or does not list `replica`; there is data already), io.
PBFT_API Result<void> create_data_directory(const ClusterConfig& config, ReplicaId replica,
                                            const std::string& directory);

/// What stands in a data directory.
struct DataDirectoryReport {
  struct Record {      ///< Of the write-ahead log.
    std::string kind;  ///< "prepared batch", "view change", "new view", "stable checkpoint", ...
    std::string file;  ///< Name in the directory.
    std::uint64_t offset = 0, bytes = 0;
    std::optional<View> view;
    std::optional<SeqNum> seq;
    std::optional<Digest> digest;  ///< Of the batch or the state.
  };
  struct Segment {  ///< A file of the log.
    std::string file;
    std::uint64_t bytes = 0, records = 0;
  };
  struct Checkpoint {
    SeqNum seq;
    Digest state;
    std::uint64_t blocks = 0, bytes = 0;  ///< Of the whole tree; checkpoints share equal blocks on disk.
    std::uint64_t application_bytes = 0;  ///< What StateMachine::save wrote.
  };

  ReplicaId replica;
  Digest cluster;                 ///< Of which cluster: cluster_id().
  std::uint64_t incarnation = 0;  ///< 0: this directory is that of the cluster's creation; else made after a
                                  ///< loss, at this time (microseconds since the Unix epoch).
  std::vector<Segment> segments;
  std::vector<Record> records;          ///< In the order of their writing.
  std::uint64_t needed_records = 0;     ///< Of them: those that a restart needs; the others are superseded.
  std::uint64_t torn_bytes = 0;         ///< At the end of the log: a crash interrupted their writing.
  std::vector<Checkpoint> checkpoints;  ///< Ascending.
  std::vector<std::string> damage;      ///< What is wrong, with file and offset; a replica refuses to start.
};

/// Reads and checks all of it as a replica's start would - log, marker, every block of every checkpoint - and
/// changes nothing. Signatures are not checked: that needs the cluster's keys. Errors: io (no such directory;
/// in use by a running replica: a log that is being written looks torn), invalid_argument (no data directory
/// of this version). Damage is no error but part of the report.
PBFT_API Result<DataDirectoryReport> inspect_data_directory(const std::string& directory);

}  // namespace pbft
