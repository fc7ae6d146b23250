#include "config/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <system_error>
#include <utility>

namespace app {
namespace {

/// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const std::vector<char*>& arguments, int in, int out, int err, pid_t parent,
                         bool outlives) {
  if (outlives) {
    ::setsid();
  } else {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it died before the line above
  }
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

int create(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/// What the child reads from, and our end of it: -1 where there is none.
std::array<int, 2> make_input(bool is_pipe) {
  std::array<int, 2> ends{-1, -1};
  if (!is_pipe) {
    ends[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  } else if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    ends = {-1, -1};
  }
  return ends;
}

void close_all(std::initializer_list<int> descriptors) {
  for (const int descriptor : descriptors) {
    if (descriptor >= 0) ::close(descriptor);
  }
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

  const auto [in, our_end] = make_input(command.listens);
  if (in < 0) return error("stdin of " + program);
  const int out = create(command.stdout_file);
  const int err = out < 0 ? -1 : create(command.stderr_file);
  if (err < 0) {
    const pbft::Error why = error((out < 0 ? command.stdout_file : command.stderr_file).string());
    close_all({in, our_end, out});
    return why;
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(arguments, in, out, err, parent, command.outlives_parent);
  const pbft::Error why = error(program + " cannot be started");
  close_all({in, out, err});
  if (pid >= 0) return ChildProcess(pid, our_end);
  close_all({our_end});
  return why;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::exchange(other.input_, -1)),
      exit_code_(other.exit_code_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(input_, other.input_);
  std::swap(exit_code_, other.exit_code_);
  return *this;
}

ChildProcess::~ChildProcess() {
  close_all({input_});
  if (pid_ < 0 || exit_code()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::signal(int number) const {
  if (pid_ >= 0 && !exit_code_) ::kill(pid_, number);
}

bool ChildProcess::tell(const std::string& line) const {
  const std::string text = line + "\n";
  return ::write(input_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
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
