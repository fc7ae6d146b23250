// bench-load: a load process of pbft-bench, which starts it and reads its result.

#include <memory>

#include "bench/load/load.hpp"
#include "bench/load/load_arguments.hpp"
#include "config/program.hpp"

namespace {

std::function<int()> set_up(CLI::App& cli) {
  auto plan = std::make_shared<bench::LoadPlan>();
  bench::add_load_arguments(cli, *plan);
  return [&cli, plan]() -> int {
    bench::Load load(*plan);
    const auto done = load.run();
    return done ? app::ok : app::complain(cli.get_name(), done.error());
  };
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("bench-load", "A load process of pbft-bench.", argc, argv, set_up);
}
