// Sealed records in, frames out.
#pragma once

#include <functional>
#include <span>
#include <utility>

#include "net/links.hpp"
#include "net/record.hpp"

namespace pbft::net {

/// Where all links of a loop read and open: one after the other, so one is enough.
struct ReadScratch {
  ReadScratch() : sealed(256 * 1024) { plain.reserve(max_plain_bytes); }
  Bytes sealed;
  Bytes plain;
};

/// Between two calls it keeps only what is incomplete: at most one record and one frame.
class Inbox {
 public:
  /// `scratch` outlives this object.
  Inbox(crypto::CipherState cipher, std::size_t max_frame_bytes, ReadScratch& scratch)
      : cipher_(std::move(cipher)), max_frame_bytes_(max_frame_bytes), scratch_(scratch) {}

  /// Where the next bytes from the socket go; never empty. Valid until the next call of any inbox.
  std::span<std::uint8_t> room();

  enum class Verdict { ok, not_genuine, frame_too_long };
  /// False: stop, the link is gone.
  using Sink = std::function<bool(BytesView frame)>;
  /// The first `size` bytes of room() have been filled. The sink's view is valid during its call.
  Verdict received(std::size_t size, const Sink& sink);

  std::uint64_t records() const { return records_; }  ///< Opened so far.

 private:
  Verdict open_all(BytesView sealed, const Sink& sink);
  Verdict open_record(BytesView sealed, const Sink& sink);
  Verdict hand_out(BytesView stream, const Sink& sink, std::size_t& used);
  void keep_rest(BytesView rest);

  crypto::CipherState cipher_;
  std::size_t max_frame_bytes_;
  ReadScratch& scratch_;
  Bytes record_;            ///< The start of an incomplete record, sized for what is known to come.
  std::size_t filled_ = 0;  ///< Of record_.
  Bytes frame_;             ///< The start of an incomplete frame, with its length.
  bool stopped_ = false;
  std::uint64_t records_ = 0;
};

}  // namespace pbft::net
