#include "bench/run/proc.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace bench {
namespace {

constexpr int utime_field = 14;  // proc(5)
constexpr int rss_field = 24;

}  // namespace

std::optional<ProcessCounters> read_process_counters(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::ifstream stat(folder + "/stat");
  std::string line;
  if (pid <= 0 || !std::getline(stat, line)) return std::nullopt;
  std::istringstream fields(line.substr(line.rfind(')') + 1));  // behind the name, which may hold anything
  ProcessCounters counters;
  std::string field;
  for (int number = 3; number <= rss_field && fields >> field; ++number) {
    const auto hertz = static_cast<double>(::sysconf(_SC_CLK_TCK));
    if (number == utime_field || number == utime_field + 1) counters.cpu_seconds += std::stod(field) / hertz;
    if (number == rss_field)
      counters.resident_bytes = std::stoull(field) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  std::error_code ignored;
  for (auto entry = std::filesystem::directory_iterator(folder + "/fd", ignored);
       entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
    ++counters.descriptors;
  }
  return counters;
}

}  // namespace bench
