#include "bench/report/machine.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <string>
#include <thread>

#include "pbft_bench_commit.hpp"

namespace bench {
namespace {

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown CPU";
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.date = utc_now();
  machine.commit = PBFT_BENCH_COMMIT;
  machine.build_type = PBFT_BENCH_BUILD_TYPE;
  machine.version = PBFT_VERSION;
#ifdef __clang__
  machine.compiler = "clang " __clang_version__;
#else
  machine.compiler = "g++ " __VERSION__;
#endif
  machine.cpu = cpu_name();
  machine.cores = std::thread::hardware_concurrency();
  machine.memory_gb =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e9;
  utsname name{};
  if (::uname(&name) == 0) machine.kernel = name.release;
  return machine;
}

}  // namespace bench
