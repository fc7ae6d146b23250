#include <algorithm>
#include <initializer_list>

#include "crypto/encode.hpp"
#include "crypto/sodium.hpp"
#include "pbft/config.hpp"

namespace pbft {

namespace {

using crypto::append;
using crypto::append_u64;

void append_blob(Bytes& out, BytesView blob) {
  append_u64(out, blob.size());
  append(out, blob);
}

/// Their number, then each behind its length, sorted.
void append_set(Bytes& out, std::vector<Bytes> members) {
  std::sort(members.begin(), members.end());
  append_u64(out, members.size());
  for (const Bytes& member : members) append_blob(out, member);
}

Bytes encode(const ReplicaInfo& replica) {
  Bytes out;
  append_u64(out, replica.id.value);
  append_blob(out, view_of(replica.host));
  append_u64(out, replica.port);
  append_blob(out, replica.key.bytes);
  return out;
}

Bytes encode(const ClientInfo& client) {
  Bytes out;
  append_u64(out, client.id.value);
  append_blob(out, client.key.bytes);
  return out;
}

template <class Info>
std::vector<Bytes> encode_all(const std::vector<Info>& infos) {
  std::vector<Bytes> encoded;
  for (const Info& info : infos) encoded.push_back(encode(info));
  return encoded;
}

}  // namespace

// Every number is 8 bytes, little-endian; every blob stands behind its length.
Digest cluster_id(const ClusterConfig& config) {
  Bytes out;
  append_set(out, encode_all(config.replicas));
  append_set(out, encode_all(config.clients));
  const AgreedLimits& limits = config.limits;
  for (const std::uint64_t limit : std::initializer_list<std::uint64_t>{
           limits.checkpoint_interval, limits.client_window, limits.max_operation_bytes,
           limits.max_result_bytes, limits.max_request_bytes, limits.max_request_operations,
           limits.max_batch_bytes, limits.max_batch_requests, limits.client_cache_bytes}) {
    append_u64(out, limit);
  }
  return crypto::hash("cluster", out);
}

}  // namespace pbft
