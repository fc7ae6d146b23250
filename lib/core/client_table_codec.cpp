// The client table as bytes: all numbers little-endian.
//   u64 records; per client that has executed something, ascending by id:
//     u64 client, u64 incarnation, u64 opened at (seq, time), u64 floor, u64 entries; per entry, ascending by
//     number:
//       u64 number, u64 seq, u8 state, 32 bytes operation digest, u64 length, result
#include <algorithm>
#include <cstring>
#include <utility>

#include "core/check.hpp"
#include "core/client_table.hpp"

namespace pbft::core {

namespace {

constexpr std::size_t record_bytes = 6 * 8;
constexpr std::size_t entry_bytes = 8 + 8 + 1 + 32 + 8;

class Writer {
 public:
  explicit Writer(std::size_t size) : bytes_(size) {}
  void number(std::uint64_t value) {
    for (std::size_t i = 0; i < 8; ++i) bytes_[at_ + i] = static_cast<std::uint8_t>(value >> (8 * i));
    at_ += 8;
  }
  void octet(std::uint8_t value) { bytes_[at_++] = value; }
  void block(BytesView block) {
    if (!block.empty()) std::memcpy(bytes_.data() + at_, block.data(), block.size());
    at_ += block.size();
  }
  Bytes take() && {
    PBFT_CHECK(at_ == bytes_.size());
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

/// Reads past the end give zeros and make ok() false.
class Reader {
 public:
  explicit Reader(BytesView bytes) : rest_(bytes) {}
  BytesView block(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    BytesView block = rest_.first(size);
    rest_ = rest_.subspan(size);
    return block;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    int shift = 0;
    for (std::uint8_t octet : block(8)) value |= std::uint64_t{octet} << std::exchange(shift, shift + 8);
    return value;
  }
  std::uint8_t octet() {
    BytesView one = block(1);
    return one.empty() ? std::uint8_t{0} : one[0];
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  BytesView rest_;
  bool ok_ = true;
};

}  // namespace

Bytes ClientTable::encode() const {
  std::size_t size = 8;
  std::uint64_t touched = 0;
  for (const auto& [client, record] : records_) {
    if (record.is_untouched()) continue;
    ++touched;
    size += record_bytes + record.entries.size() * entry_bytes + record.cached_bytes;
  }
  Writer out(size);
  out.number(touched);
  for (const auto& [client, record] : records_) {
    if (record.is_untouched()) continue;
    out.number(client.value);
    out.number(record.incarnation.value);
    out.number(record.opened_at.seq.value);
    out.number(record.opened_at.time.unix_us);
    out.number(record.floor.value);
    out.number(record.entries.size());
    for (const Entry& entry : record.entries) {
      PBFT_CHECK(entry.state != State::executing);
      out.number(entry.number.value);
      out.number(entry.seq.value);
      out.octet(static_cast<std::uint8_t>(entry.state));
      out.block(entry.operation.bytes);
      out.number(entry.result.size());
      out.block(entry.result);
    }
  }
  return std::move(out).take();
}

std::optional<ClientTable> ClientTable::decode(BytesView bytes, AgreedLimits limits,
                                               const std::set<ClientId>& clients) {
  ClientTable table(limits, clients);
  Reader in(bytes);
  std::optional<ClientId> previous_client;
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    const ClientId client{in.number()};
    auto found = table.records_.find(client);
    if (found == table.records_.end() || (previous_client && client <= *previous_client)) return std::nullopt;
    previous_client = client;
    Record& record = found->second;
    record.incarnation = RequestNumber{in.number()};
    record.opened_at.seq = SeqNum{in.number()};
    record.opened_at.time = Timestamp{in.number()};
    record.floor = RequestNumber{in.number()};
    const std::uint64_t count = in.number();
    if (record.incarnation > record.floor || count > limits.client_window) return std::nullopt;
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      Entry entry;
      entry.number = RequestNumber{in.number()};
      entry.seq = SeqNum{in.number()};
      entry.state = State{in.octet()};
      const BytesView digest = in.block(entry.operation.bytes.size());
      std::copy(digest.begin(), digest.end(), entry.operation.bytes.begin());
      const BytesView result = in.block(in.number());
      entry.result.assign(result.begin(), result.end());
      if (entry.number <= record.highest() ||
          entry.number.value - record.floor.value > limits.client_window || entry.state >= State::executing ||
          (entry.state != State::executed && !result.empty()) || result.size() > limits.max_result_bytes) {
        return std::nullopt;
      }
      record.cached_bytes += result.size();
      record.entries.push_back(std::move(entry));
    }
    if (record.cached_bytes > limits.client_cache_bytes || record.is_untouched()) return std::nullopt;
  }
  if (!in.at_end()) return std::nullopt;
  return table;
}

}  // namespace pbft::core
