#include "system/process.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace system_test {
namespace {

app::ChildProcess start(std::vector<std::string> arguments, const TemporaryFolder& folder) {
  arguments.front() = program(arguments.front());
  auto child = app::ChildProcess::start({std::move(arguments), folder / "out", folder / "err"});
  REQUIRE_MESSAGE(child, (child ? "" : child.error().message));
  return *std::move(child);
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = fs::temp_directory_path() / "pbft-test-XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

void replace_in(const fs::path& path, const std::string& from, const std::string& to) {
  std::string text = read_text(path);
  const auto at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, path.string() << " has no " << from);
  write_text(path, text.replace(at, from.size(), to));
}

std::string program(const std::string& name) { return app::program_folder() / name; }

Process::Process(std::vector<std::string> arguments) : child_(start(std::move(arguments), folder_)) {}

int Process::wait() {
  const auto code = child_.wait(patience);
  REQUIRE_MESSAGE(code, "a program did not end; it said: " << err());
  return *code;
}

bool Process::says(const std::string& text) const {
  return app::await(patience, [&] { return err().find(text) != std::string::npos; });
}

Outcome run(std::vector<std::string> arguments) {
  Process process(std::move(arguments));
  const int code = process.wait();
  return {code, process.out(), process.err()};
}

bool is_one_line_with(const Outcome& outcome, const std::vector<std::string>& parts) {
  INFO("stdout: " << outcome.out << "\nstderr: " << outcome.err);
  bool as_wanted = outcome.out.empty() && std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1;
  std::size_t at = 0;
  for (const auto& part : parts) {
    const auto found = outcome.err.find(part, at);
    as_wanted = as_wanted && found != std::string::npos;
    if (found != std::string::npos) at = found + part.size();
  }
  CHECK(as_wanted);
  return as_wanted;
}

}  // namespace system_test
