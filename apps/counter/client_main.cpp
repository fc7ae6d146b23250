// counter-client: adds to the counter, reads it, or puts it under load.
#include <cstdio>
#include <memory>

#include "config/log.hpp"
#include "config/member_file.hpp"
#include "config/program.hpp"
#include "counter/counter.hpp"
#include "counter/load.hpp"
#include "pbft/client.hpp"

namespace {

struct Arguments {
  std::string config;
  std::string amount;
  counter::LoadPlan plan;
  std::uint32_t load_seconds = 0;
  bool json = false;
};

pbft::Result<pbft::Client> connect(const std::string& config) {
  const auto file = app::read_client_file(config);
  if (!file) return file.error();
  pbft::ClientOptions options = file->options;
  options.log = app::log_to_stderr(file->log_level);
  return pbft::Client::connect(file->cluster.config, file->key, options);
}

int print_value(const std::string& program, const pbft::Result<pbft::Bytes>& outcome) {
  if (!outcome) return app::complain(program, outcome.error());
  const auto value = counter::parse_result(*outcome);
  if (!value) return app::complain(program, value.error());
  std::printf("%lld\n", static_cast<long long>(*value));
  return app::ok;
}

int load(const std::string& program, pbft::Client& client, const Arguments& arguments) {
  counter::LoadPlan plan = arguments.plan;
  plan.duration = std::chrono::seconds(arguments.load_seconds);
  if (plan.operations == 0 && arguments.load_seconds == 0) plan.operations = 1000;
  const auto report = counter::run_load(client, plan);
  std::fputs((arguments.json ? to_json(report) : to_text(report)).c_str(), stdout);
  if (report.first_error) return app::complain(program, *report.first_error);
  return app::ok;
}

std::function<int()> set_up(CLI::App& cli) {
  auto arguments = std::make_shared<Arguments>();
  cli.add_option("--config", arguments->config, "this client's client.toml")->required()->type_name("FILE");
  cli.fallthrough();
  cli.require_subcommand(1);

  auto* add = cli.add_subcommand("add", "add NUMBER and print the sum");
  add->add_option("number", arguments->amount, "what to add; may be negative")
      ->required()
      ->type_name("NUMBER");
  auto* get = cli.add_subcommand("get", "print the value");
  auto* load_command =
      cli.add_subcommand("load", "add 1 again and again, and print rate, latencies and gaps");
  auto* operations = load_command->add_option("--operations", arguments->plan.operations,
                                              "end after N operations (default 1000)");
  operations->type_name("N")->check(CLI::PositiveNumber);
  load_command->add_option("--seconds", arguments->load_seconds, "end after S seconds")
      ->type_name("S")
      ->check(CLI::Range(1, 86400))
      ->excludes(operations);
  load_command
      ->add_option("--outstanding", arguments->plan.outstanding, "keep K operations under way at once")
      ->type_name("K")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  load_command->add_flag("--json", arguments->json, "print the report as JSON");
  cli.footer(
      "Examples:\n"
      "  counter-client --config c1/client0.toml add 5\n"
      "  counter-client --config c1/client0.toml get\n"
      "  counter-client --config c1/client0.toml load --seconds 10 --outstanding 64\n\n"
      "Exit codes: 0 ok, 1 failure, 2 wrong command line, configuration or key file, 3 too few replicas "
      "answered\n"
      "in time (an operation may then have been executed, once, or still be).");

  return [&cli, add, get, arguments]() -> int {
    pbft::Result<std::int64_t> amount = 0;
    if (add->parsed()) amount = counter::parse_amount(arguments->amount);
    if (!amount) return app::complain(cli.get_name(), amount.error());
    auto client = connect(arguments->config);
    if (!client) return app::complain(cli.get_name(), client.error());
    if (add->parsed()) {
      const std::string operation = counter::add_operation(*amount);
      return print_value(cli.get_name(), client->invoke(pbft::view_of(operation)));
    }
    if (get->parsed()) {
      const std::string operation = counter::get_operation();
      return print_value(cli.get_name(), client->query(pbft::view_of(operation)));
    }
    return load(cli.get_name(), *client, *arguments);
  };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program(
      "counter-client",
      "Talks to the counter service: the result alone on stdout, everything else on stderr.", argc, argv,
      set_up);
}
