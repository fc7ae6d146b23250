#include "swarm/workers.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>
#include <vector>

namespace swarm {

namespace {

using pbft::sim::SwarmResult;
using Verdict = SwarmResult::Verdict;

constexpr std::uint64_t idle = ~std::uint64_t{0};

[[noreturn]] void give_up(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// What all processes see.
struct Board {
  std::atomic<std::uint64_t> next;        // seed to begin
  std::atomic<std::uint64_t> end;         // no seed from here on
  std::atomic<std::uint64_t> running[1];  // by worker; as many as there are workers
};

class SharedBoard {
 public:
  SharedBoard(const Work& work) : bytes_(sizeof(Board) + work.jobs * sizeof(std::atomic<std::uint64_t>)) {
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) give_up("mmap");
    board_ = new (memory) Board{};
    board_->next = work.from;
    board_->end = work.from + work.count;
    for (unsigned i = 0; i < work.jobs; ++i) new (&board_->running[i]) std::atomic<std::uint64_t>(idle);
  }
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;
  ~SharedBoard() { munmap(board_, bytes_); }
  Board* operator->() const { return board_; }

 private:
  std::size_t bytes_;
  Board* board_;
};

/// As it goes through a pipe; the texts follow.
struct Wire {
  std::uint64_t seed, verdict, trace_hash, events, view_changes, operations;
  std::int64_t virtual_us;
  std::uint64_t what_bytes, plan_bytes;
};

bool write_all(int to, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = write(to, at, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    at += done;
    size -= static_cast<std::size_t>(done);
  }
  return true;
}

bool write_result(int to, std::uint64_t seed, const SwarmResult& result) {
  const bool good = result.verdict == Verdict::good;
  const std::string& plan = result.plan;
  const Wire head{seed,
                  static_cast<std::uint64_t>(result.verdict),
                  result.trace_hash,
                  result.events,
                  result.view_changes,
                  result.operations,
                  result.virtual_time.count(),
                  result.what.size(),
                  good ? 0 : plan.size()};
  return write_all(to, &head, sizeof head) && write_all(to, result.what.data(), result.what.size()) &&
         write_all(to, plan.data(), head.plan_bytes);
}

/// Takes whole results from the front of what has come.
bool take_result(std::string& from, Finished& to) {
  Wire head;
  if (from.size() < sizeof head) return false;
  std::memcpy(&head, from.data(), sizeof head);
  const std::size_t whole = sizeof head + head.what_bytes + head.plan_bytes;
  if (from.size() < whole) return false;
  to = {head.seed, {}};
  to.result.verdict = static_cast<Verdict>(head.verdict);
  to.result.what = from.substr(sizeof head, head.what_bytes);
  to.result.plan = from.substr(sizeof head + head.what_bytes, head.plan_bytes);
  to.result.trace_hash = head.trace_hash;
  to.result.events = head.events;
  to.result.view_changes = head.view_changes;
  to.result.operations = head.operations;
  to.result.virtual_time = pbft::Duration(head.virtual_us);
  from.erase(0, whole);
  return true;
}

class Workers {
 public:
  explicit Workers(const Work& work) : work_(work), board_(work), workers_(work.jobs) {}
  void run();

 private:
  struct Worker {
    pid_t pid = 0;
    int results = -1;  // a pipe's end
    int errors = -1;   // a file without a name: its stderr
    std::string unread;
  };

  void start(unsigned index);
  [[noreturn]] void serve(unsigned index, int results) const;
  void read_from(unsigned index);
  void bury(unsigned index);
  void stop_above(std::uint64_t seed) const;

  const Work& work_;
  SharedBoard board_;
  std::vector<Worker> workers_;
};

void Workers::start(unsigned index) {
  int ends[2];
  if (pipe(ends) != 0) give_up("pipe");
  const int errors = memfd_create("stderr", 0);
  if (errors < 0) give_up("memfd_create");
  std::fflush(nullptr);  // or the worker prints it again
  const pid_t pid = fork();
  if (pid < 0) give_up("fork");
  if (pid == 0) {
    close(ends[0]);
    dup2(errors, STDERR_FILENO);
    serve(index, ends[1]);
  }
  close(ends[1]);
  workers_[index] = {pid, ends[0], errors, {}};
}

void Workers::serve(unsigned index, int results) const {
  std::signal(SIGABRT, SIG_DFL);  // ends this process, whatever the other one would do
  for (;;) {
    const std::uint64_t seed = board_->next++;
    if (seed >= board_->end) std::exit(0);  // so that what counts coverage writes it
    board_->running[index] = seed;
    const SwarmResult result = work_.run(seed);
    if (result.verdict != Verdict::good) stop_above(seed);
    if (!write_result(results, seed, result)) _exit(1);  // nobody reads any more
    board_->running[index] = idle;
  }
}

void Workers::read_from(unsigned index) {
  Worker& worker = workers_[index];
  char piece[65536];
  const ssize_t got = read(worker.results, piece, sizeof piece);
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) return bury(index);
  worker.unread.append(piece, static_cast<std::size_t>(got));
  for (Finished finished; take_result(worker.unread, finished);) work_.finished(finished);
}

// Whoever ended in the middle of a seed has broken an invariant of the core; another one goes on.
void Workers::bury(unsigned index) {
  Worker& worker = workers_[index];
  int status = 0;
  while (waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
  }
  std::string last_words(4096, '\0');
  const ssize_t got = pread(worker.errors, last_words.data(), last_words.size(), 0);
  last_words.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!last_words.empty() && last_words.back() == '\n') last_words.pop_back();
  close(worker.results);
  close(worker.errors);
  worker = {};
  const std::uint64_t seed = board_->running[index].exchange(idle);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (seed == idle) throw std::runtime_error("a worker ended between two seeds: " + last_words);
  Finished finished{seed, {}};
  finished.result.verdict = Verdict::aborted;
  finished.result.what =
      last_words + (WIFSIGNALED(status) ? " (ended by signal " + std::to_string(WTERMSIG(status)) + ")" : "");
  stop_above(seed);
  work_.finished(finished);
  if (board_->next < board_->end) start(index);
}

void Workers::stop_above(std::uint64_t seed) const {
  if (work_.keep_going) return;
  std::uint64_t end = board_->end;
  while (seed < end && !board_->end.compare_exchange_weak(end, seed)) {
  }
}

void Workers::run() {
  for (unsigned i = 0; i < work_.jobs; ++i) start(i);
  for (;;) {
    std::vector<pollfd> waits;
    std::vector<unsigned> whose;
    for (unsigned i = 0; i < work_.jobs; ++i) {
      if (workers_[i].pid == 0) continue;
      waits.push_back({workers_[i].results, POLLIN, 0});
      whose.push_back(i);
    }
    if (waits.empty()) return;
    constexpr int tick_ms = 500;
    if (poll(waits.data(), waits.size(), tick_ms) < 0 && errno != EINTR) give_up("poll");
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents != 0) read_from(whose[i]);
    }
    if (work_.tick) work_.tick();
  }
}

}  // namespace

void run_seeds(const Work& work) { Workers(work).run(); }

}  // namespace swarm
