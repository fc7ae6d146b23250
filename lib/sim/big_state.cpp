#include "sim/big_state.hpp"

#include <algorithm>
#include <cstring>

#include "sim/random.hpp"

namespace pbft::sim {

BigState::BigState(std::size_t bytes) : data_(bytes) {
  Random random(1);
  for (std::size_t at = 0; at + 8 <= bytes; at += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(data_.data() + at, &word, 8);
  }
}

Bytes BigState::execute(const Operation& operation, const Agreed& agreed) {
  std::uint64_t word = hash64(agreed.random, operation.body);
  const std::size_t at = word % (data_.size() / 4 - 8);
  std::memcpy(data_.data() + at, &word, 8);
  return log_.execute(operation, agreed);
}

void BigState::save(SnapshotWriter& writer) const {
  log_.save(writer);
  writer.write(data_);
}

Result<void> BigState::load(SnapshotReader& reader) {
  class Head : public SnapshotReader {
   public:
    explicit Head(SnapshotReader& whole) : whole_(whole) {}
    std::size_t read(std::span<std::uint8_t> to) override {
      const std::size_t got = whole_.read(to.first(std::min(to.size(), left_)));
      left_ -= got;
      return got;
    }

   private:
    SnapshotReader& whole_;
    std::size_t left_ = 16;
  };
  AppendLog log;
  Head head(reader);
  if (auto loaded = log.load(head); !loaded) return loaded;
  Bytes data(data_.size() + 1);
  std::size_t filled = 0;
  while (filled < data.size()) {
    const std::size_t got = reader.read(std::span(data).subspan(filled));
    if (got == 0) break;
    filled += got;
  }
  if (filled != data_.size()) return Error{ErrorCode::invalid_argument, "a snapshot of another size"};
  data.resize(filled);
  log_ = log;
  data_ = std::move(data);
  return {};
}

}  // namespace pbft::sim
