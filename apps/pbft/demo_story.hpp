// The demo's lines on the terminal.
#pragma once

#include <chrono>
#include <string>

namespace app {

enum class Mood { plain, bad, good };

/// Colours only on a terminal, and not where NO_COLOR is set (no-color.org).
class Story {
 public:
  Story();
  /// A line with the seconds since the story began.
  void tell(const std::string& text, Mood mood = Mood::plain) const;
  /// A line that belongs to the one before.
  void add(const std::string& text, Mood mood = Mood::plain) const;
  double seconds() const;

 private:
  std::string coloured(const std::string& text, Mood mood) const;
  bool colours_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// "312 ms", "1.46 s".
std::string in_words(std::chrono::steady_clock::duration duration);

}  // namespace app
