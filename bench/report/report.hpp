// What a benchmark found: plain values, as they stand in the JSON file. Times in seconds from the beginning
// of the measurement unless the name says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// A stretch of a run: all of it, or between two faults.
struct Phase {
  std::string name;
  double from = 0, to = 0;
  std::uint64_t offered = 0, done = 0, failed = 0;
  double per_second = 0;  ///< Of those done.
  double p50_ms = 0, p95_ms = 0, p99_ms = 0, p999_ms = 0, max_ms = 0;
  std::uint64_t view_changes = 0;
  double longest_gap_ms = 0;  ///< In which no client got an answer.
  double worst_client = 0;    ///< What the client served worst got done, to the median client.
  bool operator==(const Phase&) const = default;
};

struct Series {
  double interval = 0.1;
  std::vector<double> per_second, p50_ms, p99_ms;
  bool operator==(const Series&) const = default;
};

/// A fault while it lasts.
struct Band {
  std::string name;
  double from = 0, to = 0;
  bool operator==(const Band&) const = default;
};

struct ProcessUse {
  std::string name;
  double cpu_percent = 0;  ///< Of one core.
  double first_rss_mb = 0, max_rss_mb = 0;
  std::uint64_t first_descriptors = 0, max_descriptors = 0;
  double first_data_mb = 0, max_data_mb = 0;  ///< Of the data directory.
  double disk_mb_per_second = 0;
  double syncs_per_second = 0;  ///< This and what follows is 0 where nobody counts it.
  double received_mb_per_second = 0, sent_mb_per_second = 0;
  bool operator==(const ProcessUse&) const = default;
};

/// Where the time of an operation goes, as a replica's status tells it.
struct Stage {
  std::string name;
  double p50_us = 0, p99_us = 0;
  bool operator==(const Stage&) const = default;
};

struct Checks {
  std::uint64_t acknowledged = 0;  ///< Writes that got an answer,
  std::uint64_t audited = 0;       ///< and of those the ones found in the state at the end.
  std::uint64_t observed = 0;      ///< Answers in the linearizability check.
  std::uint64_t checkpoints = 0;   ///< At which the states of two or more replicas were compared.
  std::vector<std::string> violations;
  std::vector<std::string> notes;
  bool operator==(const Checks&) const = default;
};

struct Setting {
  std::uint32_t replicas = 4, clients = 1, outstanding = 1;
  double rate = 0;
  std::uint32_t request_bytes = 0, reply_bytes = 0, reads_percent = 0;
  std::string auth, durability;
  std::uint64_t seed = 0;
  std::uint32_t load_processes = 0;
  double warmup = 0, duration = 0;
  std::vector<std::string> faults;
  bool operator==(const Setting&) const = default;
};

struct Run {
  std::string name;
  Setting setting;
  Phase whole;
  std::vector<Phase> phases;  ///< More than one with faults.
  Series series;
  std::vector<Band> bands;
  std::vector<ProcessUse> processes;
  std::vector<Stage> stages;
  Checks checks;
  bool operator==(const Run&) const = default;
};

struct Machine {
  std::string date, commit, build_type, version, compiler, cpu, kernel;
  std::uint32_t cores = 0;
  double memory_gb = 0;
  bool operator==(const Machine&) const = default;
};

struct Report {
  std::string kind;     ///< "run", "sweep", "faults"
  std::string command;  ///< That repeats it.
  Machine machine;
  std::vector<Run> runs;
  bool operator==(const Report&) const = default;

  bool is_safe() const {
    for (const auto& run : runs) {
      if (!run.checks.violations.empty()) return false;
    }
    return true;
  }
};

}  // namespace bench
