#include "config/program.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace app {

ExitCode exit_code(const pbft::Error& error) {
  switch (error.code) {
    case pbft::ErrorCode::invalid_argument:
      return usage;
    case pbft::ErrorCode::timed_out:
      return unreachable;
    case pbft::ErrorCode::io:
    case pbft::ErrorCode::overloaded:
    case pbft::ErrorCode::rejected:
    case pbft::ErrorCode::stopped:
      return failure;
  }
  return failure;
}

ExitCode complain(const std::string& program, const pbft::Error& error) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), error.message.c_str());
  return exit_code(error);
}

namespace {

int answer(const CLI::App& cli, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = cli.remaining(true);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && !unknown.empty()) {
    std::fprintf(stderr, "%s: there is no command '%s'\nRun with --help for more information.\n",
                 cli.get_name().c_str(), unknown.front().c_str());
    return usage;
  }
  return cli.exit(error) == 0 ? ok : usage;
}

}  // namespace

int run_program(const char* name, const char* description, int argc, char** argv, SetUp set_up) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer or reader that went away is an error return, not the end
  try {
    CLI::App cli(description, name);
    const std::function<int()> run = set_up(cli);
    cli.set_version_flag("--version", cli.get_name() + " " PBFT_VERSION);
    cli.get_formatter()->column_width(34);
    try {
      cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return answer(cli, error);
    }
    return run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return failure;
  }
}

}  // namespace app
