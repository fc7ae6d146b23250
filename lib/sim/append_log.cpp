#include "sim/append_log.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "sim/random.hpp"

namespace pbft::sim {

namespace {
Bytes padded(std::string result, const std::string& body) {
  if (body.starts_with("big")) result.resize(std::max<std::size_t>(result.size(), 1000), '.');
  return to_bytes(result);
}
}  // namespace

Bytes AppendLog::execute(const Operation& operation, const Agreed& agreed) {
  ++count_;
  const std::array<std::uint64_t, 6> fields{
      hash_,        operation.client.value, operation.number.value, agreed.seq.value, agreed.time.unix_us,
      agreed.random};
  for (std::uint64_t field : fields) hash_ = mix(hash_ ^ field);
  hash_ = hash64(hash_, operation.body);
  const std::string body = to_text(operation.body);
  return padded(std::to_string(count_) + ":" + body, body);
}

std::optional<Bytes> AppendLog::query(ClientId, BytesView body) const {
  const std::string text = to_text(body);
  if (text.starts_with("ordered")) return std::nullopt;
  return padded("@" + std::to_string(count_), text);
}

void AppendLog::save(SnapshotWriter& writer) const {
  std::array<std::uint8_t, 16> bytes;
  std::memcpy(bytes.data(), &count_, 8);
  std::memcpy(bytes.data() + 8, &hash_, 8);
  writer.write(bytes);
}

Result<void> AppendLog::load(SnapshotReader& reader) {
  std::array<std::uint8_t, 17> bytes;
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const std::size_t got = reader.read(std::span(bytes).subspan(filled));
    if (got == 0) break;
    filled += got;
  }
  if (filled != 16) return Error{ErrorCode::invalid_argument, "a snapshot of the log has 16 bytes"};
  std::memcpy(&count_, bytes.data(), 8);
  std::memcpy(&hash_, bytes.data() + 8, 8);
  return {};
}

}  // namespace pbft::sim
