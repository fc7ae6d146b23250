// faulty-replica: a bench-replica that misbehaves when it is told to on stdin. Never installed.
#include <memory>
#include <optional>

#include "bench/faulty/orders.hpp"
#include "bench/service/service.hpp"
#include "config/program.hpp"
#include "config/replica_program.hpp"
#include "faulty/faulty_replica.hpp"

namespace {

struct Arguments {
  app::ReplicaArguments replica;
  std::uint32_t reply_bytes = 0;
  std::uint64_t seed = 1;
};

int run(const std::string& program, const Arguments& arguments) {
  bench::Service service(arguments.reply_bytes);
  std::optional<bench::Orders> orders;
  const auto start = [&](const pbft::ClusterConfig& config, const pbft::ReplicaKey& key,
                         const pbft::ReplicaOptions& options) -> pbft::Result<app::RunningReplica> {
    auto started = pbft::faulty::FaultyReplica::start(config, key, service, options, arguments.seed);
    if (!started) return started.error();
    const auto replica = std::make_shared<pbft::faulty::FaultyReplica>(*std::move(started));
    orders.emplace(program, [replica](const std::string& spec) { return replica->behave(spec); });
    return app::RunningReplica{[replica] { return replica->status(); }, [replica] { replica->stop(); }};
  };
  return app::run_replica(program, arguments.replica, start);
}

std::function<int()> set_up(CLI::App& cli) {
  auto arguments = std::make_shared<Arguments>();
  app::add_replica_arguments(cli, arguments->replica);
  cli.add_option("--reply-bytes", arguments->reply_bytes, "as of bench-replica");
  cli.add_option("--seed", arguments->seed, "of what its behaviour leaves to chance");
  return [&cli, arguments] { return run(cli.get_name(), *arguments); };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("faulty-replica",
                          "A bench-replica that reads \"behave SPEC\" from stdin, such as: behave slow(10ms)",
                          argc, argv, set_up);
}
