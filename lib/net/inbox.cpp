#include "net/inbox.hpp"

#include <algorithm>

#include "net/big_endian.hpp"

namespace pbft::net {
namespace {

/// What the record that begins with `sealed` takes in all, as far as that is known already.
std::size_t wanted_bytes(BytesView sealed) {
  if (sealed.size() < record_header_bytes) return record_header_bytes;
  return record_header_bytes + get_u16(sealed.data());
}

}  // namespace

std::span<std::uint8_t> Inbox::room() {
  if (record_.empty()) return scratch_.sealed;
  return std::span(record_).subspan(filled_);
}

Inbox::Verdict Inbox::received(std::size_t size, const Sink& sink) {
  if (record_.empty()) return open_all(BytesView(scratch_.sealed).first(size), sink);
  filled_ += size;
  if (filled_ < record_.size()) return Verdict::ok;
  if (const std::size_t wanted = wanted_bytes(record_); wanted > filled_) {
    record_.resize(wanted);
    return Verdict::ok;
  }
  const Bytes whole = std::move(record_);
  record_ = Bytes();
  filled_ = 0;
  return open_all(whole, sink);
}

Inbox::Verdict Inbox::open_all(BytesView sealed, const Sink& sink) {
  while (!sealed.empty() && !stopped_) {
    const std::size_t wanted = wanted_bytes(sealed);
    if (wanted > sealed.size()) {
      record_.reserve(wanted);
      record_.assign(sealed.begin(), sealed.end());
      record_.resize(wanted);
      filled_ = sealed.size();
      return Verdict::ok;
    }
    const Verdict verdict = open_record(sealed.first(wanted).subspan(record_header_bytes), sink);
    if (verdict != Verdict::ok) return verdict;
    sealed = sealed.subspan(wanted);
  }
  return Verdict::ok;
}

Inbox::Verdict Inbox::open_record(BytesView sealed, const Sink& sink) {
  // Frames are handed out from where they are opened: the shared scratch, unless one is half here already.
  scratch_.plain.clear();
  Bytes& stream = frame_.empty() ? scratch_.plain : frame_;
  if (sealed.size() < crypto::CipherState::tag_bytes || !cipher_.open(sealed, stream)) {
    return Verdict::not_genuine;
  }
  ++records_;
  std::size_t used = 0;
  const Verdict verdict = hand_out(stream, sink, used);
  if (verdict != Verdict::ok || stopped_) return verdict;
  if (&stream == &scratch_.plain || used > 0) keep_rest(BytesView(stream).subspan(used));
  return Verdict::ok;
}

Inbox::Verdict Inbox::hand_out(BytesView stream, const Sink& sink, std::size_t& used) {
  while (stream.size() - used >= frame_header_bytes) {
    const std::size_t length = get_u32(stream.data() + used);
    if (length > max_frame_bytes_) return Verdict::frame_too_long;
    if (stream.size() - used - frame_header_bytes < length) return Verdict::ok;
    const BytesView frame = stream.subspan(used + frame_header_bytes, length);
    used += frame_header_bytes + length;
    if (!sink(frame)) {
      stopped_ = true;
      return Verdict::ok;
    }
  }
  return Verdict::ok;
}

void Inbox::keep_rest(BytesView rest) {
  Bytes kept;
  if (rest.size() >= frame_header_bytes) {
    // The record that ends the frame may bring the start of others.
    kept.reserve(frame_header_bytes + get_u32(rest.data()) + max_plain_bytes);
  }
  kept.assign(rest.begin(), rest.end());
  frame_ = std::move(kept);
}

}  // namespace pbft::net
