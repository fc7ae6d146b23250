#include "net/handshake.hpp"

#include <algorithm>
#include <string_view>

#include "net/big_endian.hpp"

namespace pbft::net {
namespace {

constexpr std::string_view protocol_name = "pbft-link";
constexpr std::string_view hello_magic = "PBFTcall";
constexpr std::string_view answer_magic = "PBFTansw";
constexpr std::size_t magic_bytes = 8;
constexpr std::size_t hint_bytes = 8;
constexpr std::uint8_t accepted = 0;

void append(Bytes& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }
void append(Bytes& out, BytesView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

bool starts_with(BytesView bytes, std::string_view magic) {
  return std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](char c, std::uint8_t byte) { return static_cast<std::uint8_t>(c) == byte; });
}

Bytes hello_of(const LinksConfig& config) {
  Bytes hello;
  append(hello, hello_magic);
  hello.push_back(static_cast<std::uint8_t>(role_of(config.self)));
  put_u16(hello, config.versions.lowest);
  put_u16(hello, config.versions.highest);
  append(hello, BytesView(config.cluster.bytes).first(hint_bytes));
  return hello;
}

Bytes answer_of(const LinksConfig& config, std::uint8_t code) {
  Bytes answer;
  append(answer, answer_magic);
  answer.push_back(code);
  put_u16(answer, config.versions.lowest);
  put_u16(answer, config.versions.highest);
  return answer;
}

Bytes prologue_of(const Digest& cluster, Role caller, BytesView hello) {
  Bytes prologue;
  append(prologue, protocol_name);
  append(prologue, cluster.bytes);
  prologue.push_back(static_cast<std::uint8_t>(caller));
  prologue.push_back(static_cast<std::uint8_t>(Role::replica));
  append(prologue, hello);
  return prologue;
}

/// The highest version that both speak.
std::optional<std::uint16_t> common_version(const VersionRange& a, const VersionRange& b) {
  const std::uint16_t lowest = std::max(a.lowest, b.lowest);
  const std::uint16_t highest = std::min(a.highest, b.highest);
  if (highest < lowest) return std::nullopt;
  return highest;
}

bool equal(BytesView a, BytesView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// A client does not know the state that the replicas started from: zeros are no opinion.
bool same_genesis(BytesView theirs, const Digest& ours) {
  const Digest none;
  return equal(theirs, ours.bytes) || equal(theirs, none.bytes) || ours == none;
}

}  // namespace

Role role_of(const Peer& peer) {
  return std::holds_alternative<ReplicaId>(peer) ? Role::replica : Role::client;
}

Caller::Caller(const LinksConfig& config, const crypto::X25519Public& callee)
    : config_(config),
      hello_(hello_of(config)),
      noise_(crypto::NoiseIK::initiator(prologue_of(config.cluster, role_of(config.self), hello_),
                                        config.secret, callee)) {}

Bytes Caller::first_flight() {
  Bytes flight = hello_;
  append(flight, noise_.write_first({}));
  return flight;
}

std::optional<Refusal> Caller::on_answer(BytesView answer) {
  if (!starts_with(answer, answer_magic)) return Refusal::not_this_protocol;
  const std::uint8_t code = answer[magic_bytes];
  if (code == accepted) return std::nullopt;
  const bool travels_in_clear = code >= static_cast<std::uint8_t>(Refusal::not_this_protocol) &&
                                code <= static_cast<std::uint8_t>(Refusal::muted);
  return travels_in_clear ? static_cast<Refusal>(code) : Refusal::not_this_protocol;
}

std::optional<Refusal> Caller::on_second(BytesView message) {
  const std::optional<Bytes> payload = noise_.read_second(message);
  if (!payload) return Refusal::wrong_key;
  keys_ = noise_.split();
  const std::uint16_t version = get_u16(payload->data());
  if (version < config_.versions.lowest || version > config_.versions.highest) return Refusal::version;
  if (!same_genesis(BytesView(*payload).subspan(2), config_.genesis)) return Refusal::other_genesis;
  return std::nullopt;
}

Bytes Caller::confirm() {
  Bytes record;
  put_u16(record, confirm_bytes - 2);
  keys_.send.seal(config_.genesis.bytes, record);
  return record;
}

std::optional<Refusal> Callee::on_hello(BytesView hello) {
  if (!starts_with(hello, hello_magic)) return Refusal::not_this_protocol;
  const std::uint8_t* at = hello.data() + magic_bytes;
  const std::optional<std::uint16_t> version =
      common_version(config_.versions, {.lowest = get_u16(at + 1), .highest = get_u16(at + 3)});
  if (!version) return Refusal::version;
  if (*at > static_cast<std::uint8_t>(Role::client)) return Refusal::not_this_protocol;
  if (!equal(hello.last(hint_bytes), BytesView(config_.cluster.bytes).first(hint_bytes))) {
    return Refusal::other_cluster;
  }
  version_ = *version;
  caller_role_ = static_cast<Role>(*at);
  noise_ = crypto::NoiseIK::responder(prologue_of(config_.cluster, caller_role_, hello), config_.secret);
  return std::nullopt;
}

std::optional<Refusal> Callee::on_first(BytesView message) {
  if (!noise_->read_first(message)) return Refusal::wrong_key;
  return std::nullopt;
}

Bytes Callee::accept() {
  Bytes payload;
  put_u16(payload, version_);
  append(payload, config_.genesis.bytes);
  Bytes flight = answer_of(config_, accepted);
  append(flight, noise_->write_second(payload));
  keys_ = noise_->split();
  return flight;
}

std::optional<Refusal> Callee::on_confirm(BytesView record) {
  Bytes genesis;
  if (get_u16(record.data()) != confirm_bytes - 2 || !keys_.receive.open(record.subspan(2), genesis)) {
    return Refusal::wrong_key;
  }
  if (!same_genesis(genesis, config_.genesis)) return Refusal::other_genesis;
  return std::nullopt;
}

Bytes Callee::refuse(Refusal reason) const { return answer_of(config_, static_cast<std::uint8_t>(reason)); }

}  // namespace pbft::net
