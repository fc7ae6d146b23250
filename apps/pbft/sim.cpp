#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "commands.hpp"
#include "config/child_process.hpp"
#include "config/program.hpp"

namespace app {
namespace {

// A program of its own, so that nothing that can misbehave is part of this one.
int sim(const std::vector<std::string>& arguments) {
  const std::string program = (program_folder() / "pbft-sim").string();
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  const std::string why = std::generic_category().message(errno);
  return complain("pbft sim", {pbft::ErrorCode::io, program + " cannot be run: " + why});
}

}  // namespace

void add_sim(CLI::App& cli, int& exit_code) {
  auto* command =
      cli.add_subcommand("sim", "whole clusters on virtual time under faults drawn from a seed; replays one");
  command->prefix_command();
  command->set_help_flag();  // its options are pbft-sim's
  command->callback([command, &exit_code] { exit_code = sim(command->remaining()); });
}

}  // namespace app
