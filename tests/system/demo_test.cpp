// pbft demo: what it tells, and that it leaves nothing behind.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "system/process.hpp"

using namespace system_test;

namespace {

/// Temporary folders go here, where we can look for the demo's.
class OwnTemporaryFolder {
 public:
  OwnTemporaryFolder() { ::setenv("TMPDIR", folder_.path().c_str(), 1); }
  OwnTemporaryFolder(const OwnTemporaryFolder&) = delete;
  OwnTemporaryFolder& operator=(const OwnTemporaryFolder&) = delete;
  ~OwnTemporaryFolder() { ::unsetenv("TMPDIR"); }
  /// Of demos.
  bool is_empty() const {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().starts_with("pbft-demo")) return false;
    }
    return true;
  }

 private:
  TemporaryFolder folder_;
};

struct Listed {
  pid_t pid = 0;
  std::uint16_t port = 0;
};

/// From the lines "replica 0  pid 123  127.0.0.1:4567".
std::vector<Listed> replicas_of(const std::string& story) {
  std::vector<Listed> replicas;
  std::istringstream lines(story);
  for (std::string line; std::getline(lines, line);) {
    const auto pid = line.find("  pid ");
    const auto port = line.find("127.0.0.1:");
    if (pid == std::string::npos || port == std::string::npos) continue;
    replicas.push_back(
        {std::stoi(line.substr(pid + 6)), static_cast<std::uint16_t>(std::stoi(line.substr(port + 10)))});
  }
  return replicas;
}

/// Ids of the replicas that the story says were killed.
std::vector<std::string> killed_in(const std::string& story) {
  const std::string kill = "SIGKILL for replica ";
  std::vector<std::string> victims;
  for (auto at = story.find(kill); at != std::string::npos; at = story.find(kill, at)) {
    at += kill.size();
    victims.push_back(story.substr(at, story.find(' ', at) - at));
  }
  return victims;
}

/// From the line "  kill 123 124 125 126; rm -r FOLDER" that tells how to end a cluster that was kept.
std::vector<pid_t> kept_in(const std::string& story) {
  const std::string kill = "\n  kill";
  const auto from = story.find(kill);
  if (from == std::string::npos) return {};
  std::istringstream numbers(story.substr(from + kill.size(), story.find(';', from) - from - kill.size()));
  std::vector<pid_t> pids;
  for (pid_t pid = 0; numbers >> pid;) pids.push_back(pid);
  return pids;
}

bool is_free(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;  // connections that linger in TIME_WAIT are no listener
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return bound;
}

void check_nothing_left(const std::string& story, std::size_t replicas) {
  const auto listed = replicas_of(story);
  CHECK(listed.size() == replicas);
  for (const auto& replica : listed) {
    CHECK(app::await(patience, [&] { return ::kill(replica.pid, 0) != 0; }));
    CHECK(is_free(replica.port));
  }
}

}  // namespace

TEST_CASE("demo: the primary is killed, counting goes on, states agree, nothing is left") {
  const OwnTemporaryFolder temporary;
  const Outcome demo = run({"pbft", "demo"});
  INFO(demo.out << demo.err);
  CHECK(demo.exit_code == 0);
  CHECK(demo.err == "");
  CHECK(killed_in(demo.out).size() == 1);
  for (const char* part : {"stood still for", "goes on in view", "counted to 1000", "agree",
                           "starts again from its data directory", "has caught up in"}) {
    CHECK_MESSAGE(demo.out.find(part) != std::string::npos, part);
  }
  check_nothing_left(demo.out, 4);
  CHECK(temporary.is_empty());
}

TEST_CASE("demo: with f = 2 two primaries are killed, one after the other") {
  const OwnTemporaryFolder temporary;
  const Outcome demo = run({"pbft", "demo", "--f", "2"});
  INFO(demo.out << demo.err);
  CHECK(demo.exit_code == 0);
  CHECK(demo.out.find("agree") != std::string::npos);
  const std::vector<std::string> victims = killed_in(demo.out);
  REQUIRE(victims.size() == 2);
  CHECK(victims[0] != victims[1]);
  check_nothing_left(demo.out, 7);
  CHECK(temporary.is_empty());
}

TEST_CASE("demo: interrupted on the way, it leaves nothing either") {
  const OwnTemporaryFolder temporary;
  Process demo({"pbft", "demo"});
  REQUIRE(app::await(patience, [&] { return replicas_of(demo.out()).size() == 4; }));
  demo.signal(SIGINT);
  CHECK(demo.wait() == 1);
  check_nothing_left(demo.out(), 4);
  CHECK(temporary.is_empty());
}

TEST_CASE("demo: killed on the way, its replicas die with it") {
  const OwnTemporaryFolder temporary;
  Process demo({"pbft", "demo"});
  REQUIRE(app::await(patience, [&] { return replicas_of(demo.out()).size() == 4; }));
  demo.signal(SIGKILL);
  demo.wait();
  check_nothing_left(demo.out(), 4);
}

TEST_CASE("demo: --keep leaves a cluster that answers the commands it prints") {
  const TemporaryFolder folder;
  const Outcome demo = run({"pbft", "demo", "--keep", "--dir", folder / "kept"});
  INFO(demo.out << demo.err);
  CHECK(demo.exit_code == 0);
  const Outcome get = run({"counter-client", "--config", folder / "kept/client0.toml", "get"});
  CHECK(get.out == "1000\n");
  const auto pids = kept_in(demo.out);
  CHECK(pids.size() == 4);
  for (const pid_t pid : pids) ::kill(pid, SIGTERM);
  for (const pid_t pid : pids) CHECK(app::await(patience, [&] { return ::kill(pid, 0) != 0; }));
  check_nothing_left(demo.out, 4);
}
