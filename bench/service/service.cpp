#include "bench/service/service.hpp"

#include <array>

namespace bench {

pbft::Bytes Service::execute(const pbft::Operation& operation, const pbft::Agreed&) {
  const auto request = decode_request(operation.body);
  if (!request || request->kind != Kind::write)
    return query(operation.client, operation.body).value_or(pbft::Bytes{});
  Audit& audit = clients_[operation.client.value];
  if (!audit.executed.add(request->counter)) ++audit.twice;
  return encode_position(++writes_, reply_bytes_);
}

std::optional<pbft::Bytes> Service::query(pbft::ClientId client, pbft::BytesView body) const {
  const auto request = decode_request(body);
  if (!request || request->kind == Kind::write) return pbft::Bytes{};
  if (request->kind == Kind::read) return encode_position(writes_, reply_bytes_);
  const auto found = clients_.find(client.value);
  pbft::Bytes result;
  append_audit(result, found == clients_.end() ? Audit{} : found->second);
  return result;
}

void Service::save(pbft::SnapshotWriter& writer) const {
  pbft::Bytes bytes;
  append_u64(bytes, reply_bytes_);
  append_u64(bytes, writes_);
  append_u64(bytes, clients_.size());
  for (const auto& [client, audit] : clients_) {
    append_u64(bytes, client);
    append_audit(bytes, audit);
  }
  writer.write(bytes);
}

pbft::Result<void> Service::load(pbft::SnapshotReader& reader) {
  pbft::Bytes all;
  std::array<std::uint8_t, 4096> piece;
  while (const std::size_t size = reader.read(piece))
    all.insert(all.end(), piece.begin(), piece.begin() + size);
  const auto error = [](const char* what) {
    return pbft::Error{pbft::ErrorCode::invalid_argument, std::string("the benchmark's snapshot ") + what};
  };
  pbft::BytesView rest = all;
  const auto reply_bytes = take_u64(rest);
  const auto writes = take_u64(rest);
  const auto count = take_u64(rest);
  if (!count) return error("is cut short");
  if (*reply_bytes != reply_bytes_) return error("was written with another --reply-bytes");
  std::map<std::uint64_t, Audit> clients;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto client = take_u64(rest);
    auto audit = take_audit(rest);
    if (!client || !audit) return error("is cut short");
    clients.insert_or_assign(*client, *std::move(audit));
  }
  if (!rest.empty()) return error("has bytes behind its end");
  writes_ = *writes;
  clients_ = std::move(clients);
  return {};
}

}  // namespace bench
