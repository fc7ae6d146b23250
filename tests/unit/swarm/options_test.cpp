#include "swarm/options.hpp"

#include <doctest/doctest.h>

namespace {
pbft::Result<pbft::sim::SwarmOptions> options(const std::string& sizes,
                                              std::optional<std::uint32_t> byzantine = {}) {
  swarm::Options asked;
  asked.sizes = sizes;
  asked.byzantine = byzantine;
  return swarm::swarm_options(asked);
}
}  // namespace

TEST_CASE("pbft sim options: sizes are one number or two, within what is simulated") {
  CHECK(options("7")->sizes == pbft::sim::Sizes{7, 7});
  CHECK(options("4..13")->sizes == pbft::sim::Sizes{4, 13});
  CHECK(!options("")->sizes);
  for (const char* wrong : {"3", "14", "7..4", "4..", "..7", "4..7x", "many", "-4", "4...7"}) {
    CAPTURE(wrong);
    CHECK(!options(wrong));
  }
}

TEST_CASE("pbft sim options: no more Byzantine replicas than a cluster of that size may have") {
  CHECK(options("7", 2));
  CHECK(!options("7", 3));
  CHECK(options("4..7", 2));
  CHECK(options("", 4));
  CHECK(!options("", 5));
  CHECK(!options("", 0xffffffff));
}

TEST_CASE("pbft sim options: the command that replays a seed has all that chooses the run") {
  swarm::Options asked;
  CHECK(swarm::replay_command(asked, 7) == "pbft sim --seed 7 --trace");
  asked.sizes = "4..7";
  asked.byzantine = 1;
  asked.seeds = 9;
  CHECK(swarm::replay_command(asked, 8) == "pbft sim --seed 8 --n 4..7 --byzantine 1 --trace");
}
