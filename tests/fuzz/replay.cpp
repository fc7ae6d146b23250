// Runs fuzz targets on files, without libFuzzer: what was found once stays mended.
//
//   fuzz-replay                     every file of the corpora and of the past findings
//   fuzz-replay TARGET FILE...      these files
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz/target.hpp"

namespace {

using pbft::fuzz::Target;

bool replay(const Target& target, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const pbft::Bytes bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) {
    std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
    return false;
  }
  std::printf("%s %s\n", target.name(), path.c_str());
  std::fflush(stdout);  // the last line names the input that ended the process
  target.run(bytes);
  return true;
}

bool replay_all(const Target& target) {
  const std::filesystem::path root(PBFT_FUZZ_INPUTS);
  std::vector<std::filesystem::path> paths;
  for (const char* kind : {"corpus", "regressions"}) {
    const auto folder = root / kind / target.name();
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) {
    std::fprintf(stderr, "%s: no corpus in %s\n", target.name(), root.c_str());
    return false;
  }
  return std::all_of(paths.begin(), paths.end(), [&](const auto& path) { return replay(target, path); });
}

}  // namespace

int main(int argc, char** argv) {
  bool done = argc == 1 || argc > 2;
  bool known = argc == 1;
  for (const Target* target = Target::first(); target != nullptr; target = target->next()) {
    if (argc == 1) {
      target->run({});
      done = replay_all(*target) && done;
    } else if (std::strcmp(target->name(), argv[1]) == 0) {
      known = true;
      for (int i = 2; i < argc; ++i) done = replay(*target, argv[i]) && done;
    }
  }
  if (!known) std::fprintf(stderr, "usage: fuzz-replay [TARGET FILE...]\n");
  return known && done ? 0 : 1;
}
