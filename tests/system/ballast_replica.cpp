// A counter with a large state: each operation counts, and changes a few bytes of the ballast somewhere.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "config/log.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"
#include "config/status_file.hpp"
#include "counter/counter.hpp"
#include "pbft/replica.hpp"

namespace {

class Ballast : public pbft::StateMachine {
 public:
  explicit Ballast(std::size_t mib) : bytes_(mib * 1024 * 1024) {
    std::uint64_t state = 1;
    for (std::uint8_t& byte : bytes_) {  // no two pieces alike
      state = state * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<std::uint8_t>(state >> 56);
    }
  }
  pbft::Bytes execute(const pbft::Operation& operation, const pbft::Agreed& agreed) override {
    const std::size_t at = (agreed.seq.value / 16 * 7919 * 4096) % (bytes_.size() - 8);
    bytes_[at] = static_cast<std::uint8_t>(bytes_[at] + operation.number.value);
    return counter_.execute(operation, agreed);
  }
  std::optional<pbft::Bytes> query(pbft::ClientId client, pbft::BytesView body) const override {
    return counter_.query(client, body);
  }
  void save(pbft::SnapshotWriter& writer) const override {
    std::array<std::uint8_t, 8> value;
    const auto number = static_cast<std::uint64_t>(counter_.value());
    for (std::size_t i = 0; i < 8; ++i) value[i] = static_cast<std::uint8_t>(number >> (8 * i));
    writer.write(bytes_);
    writer.write(value);
  }
  pbft::Result<void> load(pbft::SnapshotReader& reader) override {
    pbft::Bytes bytes(bytes_.size() + 8);
    if (reader.read(bytes) != bytes.size()) {
      return pbft::Error{pbft::ErrorCode::invalid_argument, "a snapshot of another size"};
    }
    Reader value(pbft::BytesView(bytes).last(8));
    if (auto loaded = counter_.load(value); !loaded) return loaded;
    bytes.resize(bytes_.size());
    bytes_ = std::move(bytes);
    return {};
  }

 private:
  struct Reader : pbft::SnapshotReader {
    explicit Reader(pbft::BytesView all) : rest(all) {}
    std::size_t read(std::span<std::uint8_t> to) override {
      const std::size_t size = std::min(to.size(), rest.size());
      std::copy_n(rest.begin(), size, to.begin());
      rest = rest.subspan(size);
      return size;
    }
    pbft::BytesView rest;
  };

  counter::Counter counter_;
  pbft::Bytes bytes_;
};

struct Arguments {
  std::string config, status_file;
  std::size_t mib = 1;
};

std::function<int()> set_up(CLI::App& cli) {
  auto arguments = std::make_shared<Arguments>();
  cli.add_option("--config", arguments->config)->required();
  cli.add_option("--status-file", arguments->status_file)->required();
  cli.add_option("--mib", arguments->mib);
  return [&cli, arguments]() -> int {
    const auto& [config, status_file, mib] = *arguments;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    const auto file = app::read_replica_file(config);
    if (!file) return app::complain(cli.get_name(), file.error());
    pbft::ReplicaOptions options = file->options;
    options.log = app::log_to_stderr(file->log_level);
    Ballast machine(mib);
    auto replica = pbft::Replica::start(file->cluster.config, file->key, machine, options);
    if (!replica) return app::complain(cli.get_name(), replica.error());
    const timespec period{0, 20'000'000};
    do {
      const auto written = app::write_status_file(status_file, app::status_json(replica->status(), true));
      if (!written || !replica->status().failed.empty()) return app::failure;
    } while (sigtimedwait(&signals, nullptr, &period) <= 0);
    return app::ok;
  };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("ballast-replica", "The counter with a large state.", argc, argv, set_up);
}
