// Writes the seeds of the corpora: messages, files and texts as the project makes them, and short plays.
//
//   fuzz-seeds DIRECTORY           writes them into DIRECTORY/TARGET/seed-NAME, in the place of older ones
//   fuzz-seeds --check DIRECTORY   exit code 1 if others are there
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "fuzz/seeds.hpp"

namespace {

using pbft::Bytes;
using Files = std::map<std::string, Bytes>;  ///< By "TARGET/seed-NAME".

Files files_in(const std::filesystem::path& root) {
  Files found;
  if (!std::filesystem::exists(root)) return found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || !entry.path().filename().string().starts_with("seed-")) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    found[std::filesystem::relative(entry.path(), root).string()] =
        Bytes{std::istreambuf_iterator<char>(file), {}};
  }
  return found;
}

void write(const Files& files, const std::filesystem::path& root) {
  for (const auto& old : files_in(root)) std::filesystem::remove(root / old.first);
  for (const auto& [name, bytes] : files) {
    std::filesystem::create_directories((root / name).parent_path());
    std::ofstream file(root / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool checks = argc == 3 && std::string(argv[1]) == "--check";
  if (argc != 2 && !checks) {
    std::fprintf(stderr, "usage: fuzz-seeds [--check] DIRECTORY\n");
    return 2;
  }
  doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();  // of the samples that the unit tests use as well

  Files files;
  const pbft::fuzz::AddSeed add = [&](const std::string& target, const std::string& name,
                                      pbft::BytesView bytes) {
    files[target + "/seed-" + name] = Bytes(bytes.begin(), bytes.end());
  };
  pbft::fuzz::add_frame_seeds(add);
  pbft::fuzz::add_text_seeds(add);
  pbft::fuzz::add_link_seeds(add);
  pbft::fuzz::add_storage_seeds(add);
  pbft::fuzz::add_core_seeds(add);

  const std::filesystem::path root = argv[argc - 1];
  if (!checks) {
    write(files, root);
    return 0;
  }
  if (files_in(root) == files) return 0;
  std::fprintf(stderr,
               "%s: not the seeds that this version makes; ./dev fuzz --write-seeds writes them anew\n",
               root.c_str());
  return 1;
}
