// What a program that runs one replica does beside its state machine.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "pbft/replica.hpp"

namespace app {

struct ReplicaArguments {
  std::string config;
  std::string status_file;
  bool in_memory = false;
  bool lost_data = false;
};

/// Adds the options that fill `arguments`, which must outlive the parsing.
void add_replica_arguments(CLI::App& cli, ReplicaArguments& arguments);

/// A replica that runs, whatever kind it is.
struct RunningReplica {
  std::function<pbft::ReplicaStatus()> status;
  std::function<void()> stop;
};
using StartReplica = std::function<pbft::Result<RunningReplica>(
    const pbft::ClusterConfig&, const pbft::ReplicaKey&, const pbft::ReplicaOptions&)>;

/// Runs the replica until SIGINT or SIGTERM, or until it stops by itself, keeps its status file, and returns
/// the program's exit code. What went wrong is one line on stderr.
int run_replica(const std::string& program, const ReplicaArguments& arguments, const StartReplica& start);
/// The same with pbft::Replica.
int run_replica(const std::string& program, const ReplicaArguments& arguments, pbft::StateMachine& machine);

}  // namespace app
