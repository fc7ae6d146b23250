// How every program of this project ends: few exit codes, one line on stderr.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "pbft/result.hpp"

namespace app {

enum ExitCode : int {
  ok = 0,
  failure = 1,
  usage = 2,        ///< The command line or a configuration file is wrong.
  unreachable = 3,  ///< Too few replicas answered in time.
};

/// The exit code that goes with an error.
ExitCode exit_code(const pbft::Error& error);

/// Prints "PROGRAM: message" to stderr and returns the exit code that goes with the error.
ExitCode complain(const std::string& program, const pbft::Error& error);

/// Adds a program's arguments to `cli`, and returns what to do once they are parsed.
using SetUp = std::function<int()> (*)(CLI::App& cli);

/// All that a main() does: sets up, adds --version, parses, and runs unless the arguments were wrong or asked
/// for help. Nothing leaves it: an exception of the standard library ends as one line and exit code 1.
int run_program(const char* name, const char* description, int argc, char** argv, SetUp set_up);

}  // namespace app
