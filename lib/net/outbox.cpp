#include "net/outbox.hpp"

#include <algorithm>

#include "net/big_endian.hpp"

namespace pbft::net {
namespace {

/// A queue that was long once gives its memory back.
constexpr std::size_t kept_capacity_bytes = 1 << 20;

}  // namespace

void FrameQueue::push(BytesView frame) {
  compact();
  put_u32(buffer_, frame.size());
  buffer_.insert(buffer_.end(), frame.begin(), frame.end());
}

FrameQueue::Piece FrameQueue::take(std::size_t max) {
  const std::size_t begin = head_;
  const std::size_t end = begin + std::min(max, bytes());
  std::size_t frames_ended = 0;
  while (head_ < end) {
    if (frame_rest_ == 0) frame_rest_ = frame_header_bytes + get_u32(buffer_.data() + head_);
    const std::size_t step = std::min(frame_rest_, end - head_);
    head_ += step;
    frame_rest_ -= step;
    if (frame_rest_ == 0) ++frames_ended;
  }
  return {BytesView(buffer_).subspan(begin, end - begin), frames_ended};
}

void FrameQueue::drop_unbegun() { buffer_.resize(head_ + frame_rest_); }

void FrameQueue::compact() {
  if (empty()) {
    if (buffer_.capacity() > kept_capacity_bytes) buffer_ = Bytes();
    buffer_.clear();
    head_ = 0;
  } else if (head_ > buffer_.size() / 2) {
    // At least as many bytes have left since the last time as are moved now.
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

bool Outbox::push(BytesView frame, Priority priority) {
  const std::size_t needed = frame_header_bytes + frame.size();
  const bool fits = bytes() + needed <= max_bytes_;
  if (!fits) {
    normal_.drop_unbegun();
    if (bytes() + needed > max_bytes_) urgent_.drop_unbegun();
  }
  (priority == Priority::urgent ? urgent_ : normal_).push(frame);
  return fits;
}

FrameQueue::Piece Outbox::next_piece() {
  if (normal_.mid_frame()) {
    return normal_.take(urgent_.empty() ? max_plain_bytes : std::min(normal_.frame_rest(), max_plain_bytes));
  }
  return (urgent_.empty() ? normal_ : urgent_).take(max_plain_bytes);
}

std::size_t Outbox::seal_next(crypto::CipherState& cipher, Bytes& wire) {
  const FrameQueue::Piece piece = next_piece();
  seal_record(piece.bytes, cipher, wire);
  return piece.frames_ended;
}

void seal_record(BytesView plain, crypto::CipherState& cipher, Bytes& wire) {
  put_u16(wire, plain.size() + crypto::CipherState::tag_bytes);
  cipher.seal(plain, wire);
}

}  // namespace pbft::net
