// Records and frames of a link that is up: what an authenticated peer sends, and who sits between.
#include <algorithm>
#include <array>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "net/big_endian.hpp"
#include "net/inbox.hpp"
#include "net/outbox.hpp"

namespace pbft::fuzz {

namespace {

using Verdict = net::Inbox::Verdict;

constexpr std::size_t max_frame_bytes = 200;
constexpr std::array<std::uint8_t, 32> key{1, 2, 3};

/// What a peer whose stream begins so is to be understood as, said in another way.
struct Expected {
  std::vector<Bytes> frames;
  bool too_long = false;

  explicit Expected(BytesView stream) {
    while (!too_long && stream.size() >= net::frame_header_bytes) {
      const std::size_t length = net::get_u32(stream.data());
      too_long = length > max_frame_bytes;
      if (too_long || length > stream.size() - net::frame_header_bytes) return;
      frames.push_back(copy_of(stream.subspan(net::frame_header_bytes, length)));
      stream = stream.subspan(net::frame_header_bytes + length);
    }
  }
};

/// What the other side writes: frames through an outbox, or a stream that is whatever it likes.
class Peer {
 public:
  explicit Peer(Input& input) : input_(input), cipher_(key) {}

  Bytes write() {
    for (std::size_t records = 1 + input_.below(6); records > 0; --records) {
      if (input_.flag()) {
        write_frames();
      } else {
        write_anything(input_.piece());
      }
    }
    return std::move(wire_);
  }
  const Bytes& stream() const { return stream_; }

 private:
  void write_frames() {
    net::Outbox outbox(4096);
    for (std::size_t frames = 1 + input_.below(4); frames > 0; --frames) {
      const Bytes frame(input_.below(max_frame_bytes + 1), input_.octet());
      outbox.push(frame, net::Priority::normal);  // all of one priority, so that they leave in this order
      append_frame(frame);
    }
    while (!outbox.empty()) outbox.seal_next(cipher_, wire_);
  }
  void append_frame(BytesView frame) {
    net::put_u32(stream_, frame.size());
    stream_.insert(stream_.end(), frame.begin(), frame.end());
  }
  void write_anything(BytesView plain) {
    stream_.insert(stream_.end(), plain.begin(), plain.end());
    net::seal_record(plain, cipher_, wire_);
  }

  Input& input_;
  crypto::CipherState cipher_;
  Bytes wire_, stream_;
};

void meddle(Input& input, Bytes& wire) {
  if (wire.empty() || !input.flag()) return;
  const std::size_t at = input.below(std::min<std::size_t>(wire.size(), 65536));
  switch (input.octet() % 4) {
    case 0:
      wire.resize(at);
      break;
    case 1:
      wire[at] ^= static_cast<std::uint8_t>(1 + input.below(255));
      break;
    case 2: {
      const BytesView invented = input.piece();
      wire.insert(wire.begin() + static_cast<std::ptrdiff_t>(at), invented.begin(), invented.end());
      break;
    }
    default:
      wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(at),
                 wire.begin() + static_cast<std::ptrdiff_t>(std::min(wire.size(), at + 1 + input.below(64))));
      break;
  }
}

void fuzz_link(BytesView bytes) {
  Input input(bytes);
  Peer peer(input);
  Bytes wire = peer.write();
  const Bytes sent = wire;
  meddle(input, wire);
  const Expected expected(peer.stream());

  net::ReadScratch scratch;
  net::Inbox inbox(crypto::CipherState(key), max_frame_bytes, scratch);
  std::vector<Bytes> frames;
  const std::size_t stop_after = input.flag() ? 1 + input.below(4) : SIZE_MAX;
  const net::Inbox::Sink sink = [&](BytesView frame) {
    frames.push_back(copy_of(frame));
    return frames.size() < stop_after;
  };
  Verdict verdict = Verdict::ok;
  BytesView rest = wire;
  while (!rest.empty() && verdict == Verdict::ok && frames.size() < stop_after) {
    const std::span<std::uint8_t> room = inbox.room();
    FUZZ_CHECK(!room.empty());
    const std::size_t chunk = std::min({rest.size(), room.size(), 1 + input.below(2000)});
    std::copy(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(chunk), room.begin());
    rest = rest.subspan(chunk);
    verdict = inbox.received(chunk, sink);
  }

  // Nothing but what was sent, in its order, however it was cut and whoever changed it.
  FUZZ_CHECK(frames.size() <= std::min(expected.frames.size(), stop_after));
  FUZZ_CHECK(std::equal(frames.begin(), frames.end(), expected.frames.begin()));
  if (wire != sent || frames.size() == stop_after) return;
  FUZZ_CHECK(frames.size() == expected.frames.size());
  FUZZ_CHECK(verdict == (expected.too_long ? Verdict::frame_too_long : Verdict::ok));
}

const Target target("link", fuzz_link);

}  // namespace

}  // namespace pbft::fuzz
