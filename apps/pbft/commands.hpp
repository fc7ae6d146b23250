// The subcommands of pbft. Each adds itself to `cli`; when it was the one given, it runs while the arguments
// are parsed and leaves in `exit_code` what the program ends with.
#pragma once

#include <CLI/CLI.hpp>

namespace app {

void add_keygen(CLI::App& cli, int& exit_code);
void add_cluster(CLI::App& cli, int& exit_code);
void add_config(CLI::App& cli, int& exit_code);
void add_demo(CLI::App& cli, int& exit_code);
void add_inspect(CLI::App& cli, int& exit_code);
void add_sim(CLI::App& cli, int& exit_code);

}  // namespace app
