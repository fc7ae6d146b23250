#include "config/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace app {
namespace {

/// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const std::vector<char*>& arguments, int out, int err, pid_t parent, bool outlives) {
  if (outlives) {
    ::setsid();
  } else {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it died before the line above
  }
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  const int in = ::open("/dev/null", O_RDONLY);
  if (in < 0) ::_exit(127);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

int create(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

}  // namespace

pbft::Result<ChildProcess> ChildProcess::start(const Command& command) {
  const std::string& program = command.arguments.front();
  const auto error = [&](const std::string& what) {
    return pbft::Error{pbft::ErrorCode::io, what + ": " + std::generic_category().message(errno)};
  };
  if (::access(program.c_str(), X_OK) != 0) return error(program + " cannot be started");
  std::vector<char*> arguments;
  for (const auto& argument : command.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  const int out = create(command.stdout_file);
  if (out < 0) return error(command.stdout_file.string());
  const int err = create(command.stderr_file);
  if (err < 0) {
    ::close(out);
    return error(command.stderr_file.string());
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(arguments, out, err, parent, command.outlives_parent);
  ::close(out);
  ::close(err);
  if (pid < 0) return error(program + " cannot be started");
  return ChildProcess(pid);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(exit_code_, other.exit_code_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || exit_code()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::signal(int number) const {
  if (pid_ >= 0 && !exit_code_) ::kill(pid_, number);
}

std::optional<int> ChildProcess::exit_code() {
  int status = 0;
  if (!exit_code_ && pid_ >= 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds limit) {
  await(limit, [this] { return exit_code().has_value(); });
  return exit_code();
}

std::filesystem::path program_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace app
