// Replicas and clients in this process, on loopback.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pbft/client.hpp"
#include "pbft/data_directory.hpp"
#include "pbft/replica.hpp"
#include "unit/storage/temporary_directory.hpp"

namespace pbft::testing {

constexpr auto deadline = std::chrono::seconds(60);  ///< Of anything that must happen; a sanitizer is slow.

/// Ports that nobody uses at this moment.
inline std::vector<std::uint16_t> free_ports(std::size_t count) {
  std::vector<int> sockets;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    sockets.push_back(fd);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int fd : sockets) close(fd);
  return ports;
}

/// Remembers what it executed, in order, and answers with how much that is.
class Journal : public StateMachine {
 public:
  static constexpr char unloadable[] = "unloadable";  ///< load() refuses a state that holds it.

  explicit Journal(std::string beginning = {}) : text_(std::move(beginning)) {}

  Bytes execute(const Operation& operation, const Agreed&) override {
    const std::lock_guard lock(mutex_);
    text_ += to_text(operation.body) + "\n";
    return to_bytes(std::to_string(++count_));
  }
  std::optional<Bytes> query(ClientId, BytesView) const override {
    const std::lock_guard lock(mutex_);
    return to_bytes("read " + std::to_string(count_));
  }
  bool valid(ClientId, BytesView body) const override { return to_text(body) != "invalid"; }
  void save(SnapshotWriter& writer) const override {
    const std::lock_guard lock(mutex_);
    writer.write(view_of(text_));
  }
  Result<void> load(SnapshotReader& reader) override {
    std::string text;
    std::array<std::uint8_t, 100> piece{};
    while (const std::size_t size = reader.read(piece)) {
      text.append(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(size));
    }
    const std::lock_guard lock(mutex_);
    if (text.find(unloadable) != std::string::npos) {
      return Error{ErrorCode::invalid_argument, "it has the word that this journal does not load"};
    }
    count_ = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    text_ = std::move(text);
    return {};
  }

  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;  // the test looks in from its own thread
  std::string text_;
  std::uint64_t count_ = 0;
};

/// What was logged.
class LogBook {
 public:
  LogSink sink() {
    return [this](LogLevel, std::string_view text) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(text);
      changed_.notify_all();
    };
  }
  /// Waits until a line holds `text`.
  bool has(const std::string& text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] {
      for (const std::string& line : lines_) {
        if (line.find(text) != std::string::npos) return true;
      }
      return false;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

/// Counts what happens in other threads.
class Tally {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool reaches(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return count_ >= count; });
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

/// Four replicas, not started yet, and the keys of two clients.
struct LocalCluster {
  static constexpr std::uint32_t n = 4;

  ClusterConfig config;
  std::vector<ReplicaKey> replica_keys;
  std::vector<ClientKey> client_keys;
  std::vector<std::unique_ptr<Journal>> journals;
  ReplicaOptions replica_options;
  ClientOptions client_options;
  std::vector<std::optional<Replica>> replicas;
  std::optional<test::TemporaryDirectory> data;  ///< Empty: in memory.

  LocalCluster() : replicas(n) {
    const std::vector<std::uint16_t> ports = free_ports(n);
    for (std::uint32_t id = 0; id < n; ++id) {
      replica_keys.push_back({ReplicaId{id}, SecretKey::generate()});
      config.replicas.push_back({ReplicaId{id}, "127.0.0.1", ports[id], replica_keys[id].key.public_key()});
      journals.push_back(std::make_unique<Journal>());
    }
    for (std::uint64_t id = 1; id <= 2; ++id) {
      client_keys.push_back({ClientId{id}, SecretKey::generate()});
      config.clients.push_back({ClientId{id}, client_keys.back().key.public_key()});
    }
  }

  /// Before the first start. `which`: those that get a data directory made.
  void keep_data(std::initializer_list<std::uint32_t> which = {0, 1, 2, 3}) {
    data.emplace();
    for (const std::uint32_t id : which) {
      const Result<void> made = create_data_directory(config, ReplicaId{id}, data_of(id));
      REQUIRE_MESSAGE(made.has_value(), made.error().message);
    }
  }
  std::string data_of(std::uint32_t id) const { return data->path() + "/r" + std::to_string(id); }

  Result<Replica> try_start(std::uint32_t id) {
    ReplicaOptions options = replica_options;
    if (data) options.data_directory = data_of(id);
    return Replica::start(config, replica_keys[id], *journals[id], options);
  }
  void start(std::uint32_t id) {
    Result<Replica> replica = try_start(id);
    REQUIRE_MESSAGE(replica.has_value(), replica.error().message);
    replicas[id].emplace(std::move(*replica));
  }
  /// As a new process would: the state machine in its initial state.
  void restart(std::uint32_t id) {
    replicas[id].reset();
    journals[id] = std::make_unique<Journal>();
    start(id);
  }
  void start_all() {
    for (std::uint32_t id = 0; id < n; ++id) start(id);
  }
  void stop_all() {
    for (auto& replica : replicas) replica.reset();
  }
  Client connect(std::size_t which = 0) {
    Result<Client> client = Client::connect(config, client_keys[which], client_options);
    REQUIRE_MESSAGE(client.has_value(), client.error().message);
    return std::move(*client);
  }

  /// Waits until a replica's status is as wanted.
  bool await(std::uint32_t id, const std::function<bool(const ReplicaStatus&)>& condition) const {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition(replicas[id]->status())) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  /// What a replica executed is the beginning of what any other did.
  void check_one_history() const {
    for (const auto& a : journals) {
      for (const auto& b : journals) {
        const std::string x = a->text(), y = b->text();
        CHECK(x.substr(0, y.size()) == y.substr(0, x.size()));
      }
    }
  }
  std::string longest_history() const {
    std::string longest;
    for (const auto& journal : journals)
      longest = std::max(longest, journal->text(), [](auto& a, auto& b) { return a.size() < b.size(); });
    return longest;
  }
};

inline std::string text_of(const Result<Bytes>& result) {
  return result ? to_text(*result) : "error: " + result.error().message;
}

inline Result<Bytes> invoke(Client& client, const std::string& text) { return client.invoke(view_of(text)); }

}  // namespace pbft::testing
