#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "storage/posix_disk.hpp"
#include "storage/wal.hpp"
#include "unit/storage/temporary_directory.hpp"

namespace {
using namespace pbft;

struct Fixture {
  test::TemporaryDirectory directory;
  storage::PosixDisk disk;

  std::string path(const std::string& name) const { return directory.path() + "/" + name; }
};

/// Of `child` in a process of its own.
template <class Child>
int exit_code_of(Child child) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) _exit(child());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
}  // namespace

TEST_CASE_FIXTURE(Fixture, "posix disk: what is written is read back, also past the end and in between") {
  auto file = disk.create(path("a"));
  REQUIRE(file);
  REQUIRE((*file)->write(10, to_bytes("world")));
  REQUIRE((*file)->write(0, to_bytes("hello")));
  REQUIRE((*file)->sync());
  auto again = disk.open(path("a"));
  REQUIRE(again);
  CHECK(*(*again)->size() == 15);
  CHECK(to_text(*(*again)->read(0, 5)) == "hello");
  CHECK(to_text(*(*again)->read(10, 100)) == "world");
  CHECK(to_text(*(*again)->read(13, 1)) == "l");
  CHECK((*again)->read(15, 1)->empty());
  CHECK((*again)->read(100, 1)->empty());
  CHECK(disk.written_bytes() == 10);
}

TEST_CASE_FIXTURE(Fixture, "posix disk: names come, go and are listed in order") {
  REQUIRE(disk.make_directory(path("d")));
  REQUIRE(disk.make_directory(path("d")));
  for (const char* name : {"d/c", "d/a", "d/b"}) REQUIRE(disk.create(path(name)));
  REQUIRE(disk.rename(path("d/c"), path("d/a")));
  REQUIRE(disk.sync_directory(path("d")));
  CHECK(*disk.list(path("d")) == std::vector<std::string>{"a", "b"});
  REQUIRE(disk.remove(path("d/a")));
  CHECK(*disk.list(path("d")) == std::vector<std::string>{"b"});
  CHECK(*disk.exists(path("d/b")));
  CHECK_FALSE(*disk.exists(path("d/a")));
}

TEST_CASE_FIXTURE(Fixture, "posix disk: a zeroed file has its size and its blocks") {
  auto file = storage::create_zeroed(disk, path("z"), 3 * 1024 * 1024 + 7);
  REQUIRE(file);
  CHECK(*(*file)->read(0, 4 * 1024 * 1024) == Bytes(3 * 1024 * 1024 + 7));
}

TEST_CASE_FIXTURE(Fixture, "posix disk: an error names the path and what the system said") {
  const auto check = [](const Error& error, const std::string& text) {
    CHECK(error.code == ErrorCode::io);
    CHECK(error.message.find(text) != std::string::npos);
  };
  check(disk.open(path("none")).error(), "cannot open " + path("none") + ": No such file or directory");
  check(disk.create(directory.path()).error(), "cannot create " + directory.path() + ": File exists");
  check(disk.remove(path("none")).error(), "cannot remove " + path("none") + ": No such file");
  check(disk.rename(path("none"), path("b")).error(), path("none"));
  check(disk.list(path("none")).error(), "cannot list " + path("none") + ": No such file");
  check(disk.sync_directory(path("none")).error(), "cannot open " + path("none"));
  check(disk.make_directory(path("no/where")).error(), "cannot make the directory " + path("no/where"));
  auto full = disk.open("/dev/full");
  if (full)
    check((*full)->write(0, to_bytes("x")).error(), "cannot write /dev/full: No space left on device");
}

TEST_CASE_FIXTURE(Fixture, "posix disk: two processes cannot lock one file") {
  auto lock = disk.lock(path("lock"));
  REQUIRE(lock);
  const auto try_lock = [&] { return disk.lock(path("lock")) ? 1 : 2; };
  CHECK(exit_code_of(try_lock) == 2);
  CHECK(disk.lock(path("lock")).error().message.find("another process uses") != std::string::npos);
  lock->reset();
  CHECK(exit_code_of(try_lock) == 1);
  CHECK(disk.lock(path("lock")));  // the child's end released it
}

TEST_CASE_FIXTURE(Fixture, "posix disk: no descriptor is left to a program that is started") {
  const auto file = disk.create(path("a"));
  const auto lock = disk.lock(path("lock"));
  std::size_t open = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code failed;
    const std::string target = std::filesystem::read_symlink(entry.path(), failed).string();
    if (target != path("a") && target != path("lock")) continue;
    ++open;
    CHECK((fcntl(std::atoi(entry.path().filename().c_str()), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(open == 2);
}

TEST_CASE_FIXTURE(Fixture, "posix disk: a log on it survives the process, and admits one process") {
  const storage::WalIdentity identity{Digest{}, ReplicaId{1}};
  const storage::WalOptions small{.segment_bytes = 64 * 1024};
  std::vector<std::string> replayed;
  const auto replay = [&](std::uint32_t, BytesView payload) {
    replayed.push_back(to_text(payload));
    return Result<void>();
  };
  const std::string log_path = path("log");
  REQUIRE(storage::Wal::create(disk, log_path, identity, 42, 0, small));
  CHECK(exit_code_of([&] {
          auto log = storage::Wal::open(disk, log_path, identity, replay, small);
          if (!log || !(*log)->append(1, to_bytes("kept")) || !(*log)->sync()) return 1;
          return 0;
        }) == 0);
  auto log = storage::Wal::open(disk, log_path, identity, replay, small);
  REQUIRE(log);
  CHECK(replayed == std::vector<std::string>{"kept"});
  CHECK(exit_code_of([&] { return storage::Wal::open(disk, log_path, identity, replay, small) ? 1 : 2; }) ==
        2);
}
