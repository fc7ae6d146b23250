// faulty-client: a client of the benchmark's service that misbehaves when it is told to on stdin. Never
// installed.
#include <signal.h>

#include <memory>

#include "bench/faulty/orders.hpp"
#include "bench/service/operation.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"
#include "faulty/faulty_client.hpp"

namespace {

struct Arguments {
  std::string config;
  std::uint64_t seed = 1;
};

pbft::Bytes write_of(std::uint64_t counter) {
  pbft::Bytes body(bench::min_request_bytes);
  bench::encode({bench::Kind::write, counter}, body);
  return body;
}

int run(const std::string& program, const Arguments& arguments) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // in all threads that follow, so that sigwait() meets them

  const auto file = app::read_client_file(arguments.config);
  if (!file) return app::complain(program, file.error());
  auto client =
      pbft::faulty::FaultyClient::start(file->cluster.config, file->key, {arguments.seed, write_of, {}});
  if (!client) return app::complain(program, client.error());
  const bench::Orders orders(program, [&](const std::string& spec) { return client->behave(spec); });
  int signal = 0;
  sigwait(&ends, &signal);
  return app::ok;
}

std::function<int()> set_up(CLI::App& cli) {
  auto arguments = std::make_shared<Arguments>();
  cli.add_option("--config", arguments->config, "its client.toml")->required()->type_name("FILE");
  cli.add_option("--seed", arguments->seed, "of what its behaviour leaves to chance");
  return [&cli, arguments] { return run(cli.get_name(), *arguments); };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("faulty-client",
                          "A client that reads \"behave SPEC\" from stdin, such as: behave storm(1000/s)",
                          argc, argv, set_up);
}
