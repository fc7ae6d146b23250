// Programs under test, run to their end or watched while they run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/child_process.hpp"

namespace system_test {

namespace fs = std::filesystem;

/// Removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string read_text(const fs::path& path);
void write_text(const fs::path& path, const std::string& text);
/// The file with its first `from` replaced. REQUIRES: there is one.
void replace_in(const fs::path& path, const std::string& from, const std::string& to);

/// A program that was built beside this test: "pbft", "counter-replica".
std::string program(const std::string& name);

/// A running program; killed at its end.
class Process {
 public:
  /// The first argument names a program of ours.
  explicit Process(std::vector<std::string> arguments);

  pid_t pid() const { return child_.pid(); }
  void signal(int number) { child_.signal(number); }
  /// Exit code, or 128 + signal; a failure of the test when it still runs after a generous while.
  int wait();
  bool is_running() { return !child_.exit_code().has_value(); }
  std::string out() const { return read_text(folder_ / "out"); }
  std::string err() const { return read_text(folder_ / "err"); }
  /// Waits until stderr has `text`.
  bool says(const std::string& text) const;

 private:
  TemporaryFolder folder_;
  app::ChildProcess child_;
};

struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;
};
/// Runs it to its end.
Outcome run(std::vector<std::string> arguments);

/// True if the outcome is a person's error message: nothing on stdout, one line on stderr that holds `parts`
/// in this order.
bool is_one_line_with(const Outcome& outcome, const std::vector<std::string>& parts);

/// How long a test waits for what should come soon.
inline constexpr std::chrono::seconds patience{60};

}  // namespace system_test
