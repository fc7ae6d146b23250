#include "demo_story.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace app {

Story::Story() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this program changes the environment
  const char* no_color = std::getenv("NO_COLOR");
  colours_ = ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

double Story::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

std::string Story::coloured(const std::string& text, Mood mood) const {
  if (!colours_ || mood == Mood::plain) return text;
  return (mood == Mood::bad ? "\033[31m" : "\033[32m") + text + "\033[0m";
}

void Story::tell(const std::string& text, Mood mood) const {
  std::printf("%6.2f s  %s\n", seconds(), coloured(text, mood).c_str());
  std::fflush(stdout);
}

void Story::add(const std::string& text, Mood mood) const {
  std::printf("          %s\n", coloured(text, mood).c_str());
  std::fflush(stdout);
}

std::string in_words(std::chrono::steady_clock::duration duration) {
  const double ms = std::chrono::duration<double, std::milli>(duration).count();
  char text[32];
  std::snprintf(text, sizeof text,
                ms < 10     ? "%.1f ms"
                : ms < 1000 ? "%.0f ms"
                            : "%.2f s",
                ms < 1000 ? ms : ms / 1000);
  return text;
}

}  // namespace app
