// bench-replica: one replica of the benchmark's service.
#include <memory>

#include "bench/service/service.hpp"
#include "config/program.hpp"
#include "config/replica_program.hpp"

namespace {

struct Arguments {
  app::ReplicaArguments replica;
  std::uint32_t reply_bytes = 0;
};

std::function<int()> set_up(CLI::App& cli) {
  auto arguments = std::make_shared<Arguments>();
  app::add_replica_arguments(cli, arguments->replica);
  cli.add_option("--reply-bytes", arguments->reply_bytes, "length of each result; at least 8")
      ->capture_default_str();
  return [&cli, arguments] {
    bench::Service service(arguments->reply_bytes);
    return app::run_replica(cli.get_name(), arguments->replica, service);
  };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("bench-replica",
                          "Runs one replica of the benchmark's service until SIGINT or SIGTERM.", argc, argv,
                          set_up);
}
