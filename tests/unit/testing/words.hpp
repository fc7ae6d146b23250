// A correct service, and a way to plant one sin in it.
#pragma once

#include <charconv>
#include <map>
#include <string>

#include "pbft/testing/workload.hpp"

namespace planted {

using namespace pbft;

inline std::string read_all(SnapshotReader& reader) {
  std::string text;
  std::array<std::uint8_t, 64> piece;
  while (const std::size_t size = reader.read(piece)) text.append(piece.begin(), piece.begin() + size);
  return text;
}

/// Counts how often each word was said. An operation says a word, and its result is "WORD COUNT"; a read's
/// result is the count. Snapshot: "WORD COUNT\n" for each, sorted, and a last line "end".
class Words : public StateMachine {
 public:
  Bytes execute(const Operation& operation, const Agreed&) override {
    const std::string word = clean(operation.body);
    return to_bytes(word + " " + std::to_string(++counts_[word]));
  }
  std::optional<Bytes> query(ClientId, BytesView body) const override {
    const auto found = counts_.find(clean(body));
    return to_bytes(std::to_string(found == counts_.end() ? 0 : found->second));
  }
  void save(SnapshotWriter& writer) const override {
    for (const auto& [word, count] : counts_) {
      writer.write(view_of(word + " " + std::to_string(count) + "\n"));
    }
    writer.write(view_of("end"));
  }
  Result<void> load(SnapshotReader& reader) override {
    std::map<std::string, int> counts;
    if (!parse(read_all(reader), counts)) return Error{ErrorCode::invalid_argument, "no list of words"};
    counts_ = std::move(counts);
    return {};
  }

 protected:
  static std::string clean(BytesView body) {
    std::string word = to_text(body);
    for (char& letter : word) {
      if (letter <= ' ') letter = '_';
    }
    return word;
  }
  static bool parse(const std::string& text, std::map<std::string, int>& counts) {
    std::size_t at = 0;
    while (text.compare(at, std::string::npos, "end") != 0) {
      const std::size_t blank = text.find(' ', at), end = text.find('\n', at);
      if (blank == std::string::npos || end == std::string::npos || blank > end) return false;
      std::from_chars(text.data() + blank + 1, text.data() + end, counts[text.substr(at, blank - at)]);
      at = end + 1;
    }
    return true;
  }
  std::map<std::string, int> counts_;
};

inline testing::Call say(testing::Random& random) {
  const std::string word = "word" + std::to_string(random.below(20));
  return random.chance(0.2) ? testing::Call::query(word) : testing::Call(word);
}

template <class Machine>
std::unique_ptr<StateMachine> make() {
  return std::make_unique<Machine>();
}

}  // namespace planted
