#include "config/log.hpp"

#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

namespace app {
namespace {

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warning", "error"};

std::string utc_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  char text[32];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(now.tv_nsec / 1'000'000));
  return std::string(text, length) + fraction;
}

}  // namespace

std::optional<pbft::LogLevel> log_level_from_text(std::string_view text) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] == text) return static_cast<pbft::LogLevel>(i);
  }
  return std::nullopt;
}

pbft::LogSink log_to_stderr(pbft::LogLevel least) {
  return [least](pbft::LogLevel level, std::string_view text) {
    if (level < least) return;
    std::string line = utc_now();
    line.append(" ")
        .append(level_names[static_cast<std::size_t>(level)])
        .append(" ")
        .append(text)
        .append("\n");
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  };
}

}  // namespace app
