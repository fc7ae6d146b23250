#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "config/key_file.hpp"
#include "config/program.hpp"

namespace app {
namespace {

int keygen(const std::string& path) {
  const auto key = pbft::SecretKey::generate();
  if (const auto written = write_key_file(path, key, "one replica or client"); !written) {
    return complain("pbft keygen", written.error());
  }
  std::printf("%s\n", pbft::to_text(key.public_key()).c_str());
  std::fprintf(stderr, "secret key written to %s (mode 0600); above is its public_key for cluster.toml\n",
               path.c_str());
  return ok;
}

}  // namespace

void add_keygen(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand("keygen", "make a secret key and print its public key");
  auto path = std::make_shared<std::string>("key");
  command->add_option("--out", *path, "the key file to create; never overwritten")
      ->type_name("FILE")
      ->capture_default_str();
  command->footer(
      "Run it on the host where the key will be used: the secret never has to travel, only the public key "
      "goes\n"
      "into everybody's cluster.toml.\n\n"
      "Example:\n"
      "  pbft keygen --out r0/key");
  command->callback([path, &exit_code] { exit_code = keygen(*path); });
}

}  // namespace app
