// Frames that wait to leave on one link, bounded, and the records they leave in.
#pragma once

#include "net/links.hpp"
#include "net/record.hpp"

namespace pbft::net {

/// Frames in the order in which they leave, already in the form in which they travel: one buffer, no
/// allocation per frame. Part of the first frame may have left.
class FrameQueue {
 public:
  void push(BytesView frame);
  std::size_t bytes() const { return buffer_.size() - head_; }
  bool empty() const { return bytes() == 0; }
  /// Part of a frame has left: its rest must follow before anything else on the link.
  bool mid_frame() const { return frame_rest_ > 0; }
  std::size_t frame_rest() const { return frame_rest_; }

  struct Piece {
    BytesView bytes;           ///< Valid until the next call.
    std::size_t frames_ended;  ///< How many frames end in it.
  };
  /// Takes at most `max` bytes off the front.
  Piece take(std::size_t max);
  /// Drops every frame of which nothing has left.
  void drop_unbegun();

 private:
  void compact();

  Bytes buffer_;
  std::size_t head_ = 0;        ///< What left lies before it.
  std::size_t frame_rest_ = 0;  ///< Of the frame that has begun to leave.
};

class Outbox {
 public:
  explicit Outbox(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// False: there was no room, and frames that had not begun to leave were dropped to make it: the normal
  /// ones, and the urgent ones too if that was not enough.
  bool push(BytesView frame, Priority priority);
  std::size_t bytes() const { return urgent_.bytes() + normal_.bytes(); }
  bool empty() const { return bytes() == 0; }

  /// Appends the next record to `wire`; returns how many frames end in it. REQUIRES: !empty().
  std::size_t seal_next(crypto::CipherState& cipher, Bytes& wire);

 private:
  FrameQueue::Piece next_piece();

  std::size_t max_bytes_;
  FrameQueue urgent_;
  FrameQueue normal_;
};

/// Appends one record.
void seal_record(BytesView plain, crypto::CipherState& cipher, Bytes& wire);

}  // namespace pbft::net
