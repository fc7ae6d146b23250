#include "hunt.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

namespace pbft::mutants {

namespace {

constexpr int seconds_per_seed = 60;  // of processor time; a good seed takes milliseconds
constexpr rlim_t max_memory = rlim_t{3} * 1024 * 1024 * 1024;
constexpr int exit_killed = 10;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A seed that does not end ends the process.
void allow(int seconds) {
  const itimerval limit{{0, 0}, {seconds, 0}};
  setitimer(ITIMER_PROF, &limit, nullptr);
}

std::string first_words(const std::string& what) {
  std::string words = what.substr(0, what.find_first_of(";\n"));
  if (const std::size_t until = words.find(" until "); until != std::string::npos) {
    words = "liveness: never, that " + words.substr(until + 7, words.find(": r0 ") - until - 7);
  }
  if (words.size() > 110) words = words.substr(0, words.rfind(' ', 107)) + " ...";
  return words;
}

std::string ending(int status, const char* said) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF) {
    return "does not end within " + std::to_string(seconds_per_seed) + " s";
  }
  if (*said != 0) return first_words(said);
  if (WIFSIGNALED(status)) return std::string("crash: ") + strsignal(WTERMSIG(status));
  return "ends with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

struct Hunt::Board {
  std::atomic<std::uint64_t> seed{0};
  std::atomic<std::uint64_t> unsuitable{0};
  char what[512] = {};     // of the violation
  char stderr_[512] = {};  // what the child said last, for instance of a broken invariant
};

Hunt::Hunt(const Entry& entry, std::uint64_t base, std::uint64_t budget)
    : entry_(entry), base_(base), end_(base + budget), started_(now()) {
  void* shared = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("no shared memory");
  board_ = new (shared) Board;
  start(base_);
}

Hunt::~Hunt() { munmap(board_, sizeof(Board)); }

std::uint64_t Hunt::seed() const { return board_->seed; }

void Hunt::start(std::uint64_t from) {
  board_->seed = from;
  std::fflush(nullptr);
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("no process");
  if (process_ == 0) run(from);
}

// PBFT_CHECK prints what is broken before it aborts: that goes to the board.
void Hunt::run(std::uint64_t from) {
  const rlimit memory{max_memory, max_memory}, no_core{0, 0};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CORE, &no_core);
  stderr = fmemopen(board_->stderr_, sizeof board_->stderr_ - 1, "w");
  if (stderr != nullptr) std::setbuf(stderr, nullptr);
  for (std::uint64_t seed = from; seed < end_; ++seed) {
    board_->seed = seed;
    allow(seconds_per_seed);
    core::mutant = entry_.mutant;
    const sim::SwarmResult result = sim::run_swarm({.seed = seed});
    if (result.verdict == sim::SwarmResult::Verdict::good) continue;
    core::mutant = core::Mutant::none;
    if (sim::run_swarm({.seed = seed}).verdict != sim::SwarmResult::Verdict::good) {
      ++board_->unsuitable;
      continue;
    }
    const std::string words = first_words(result.what);
    std::memcpy(board_->what, words.data(), std::min(words.size(), sizeof board_->what - 1));
    std::_Exit(exit_killed);
  }
  std::_Exit(EXIT_SUCCESS);
}

bool Hunt::fails_without(std::uint64_t seed) const {
  const pid_t child = fork();
  if (child == 0) {
    allow(seconds_per_seed);
    core::mutant = core::Mutant::none;
    const auto verdict = sim::run_swarm({.seed = seed}).verdict;
    std::_Exit(verdict == sim::SwarmResult::Verdict::good ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status != 0;
}

bool Hunt::on_ended(int status) {
  const bool is_survivor = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
  const bool has_verdict = WIFEXITED(status) && WEXITSTATUS(status) == exit_killed;
  if (!is_survivor && !has_verdict && fails_without(seed())) {
    ++board_->unsuitable;
    if (seed() + 1 < end_) {
      start(seed() + 1);
      return false;
    }
  }
  kill_.killed = !is_survivor;
  kill_.seed = seed();
  kill_.unsuitable = board_->unsuitable;
  kill_.seconds = now() - started_;
  if (has_verdict) kill_.how = board_->what;
  if (!is_survivor && !has_verdict) kill_.how = ending(status, board_->stderr_);
  return true;
}

}  // namespace pbft::mutants
