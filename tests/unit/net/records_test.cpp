#include <numeric>

#include "net/big_endian.hpp"
#include "net/inbox.hpp"
#include "net/outbox.hpp"
#include "unit/net/loop.hpp"

namespace pbft::net {
namespace {

constexpr std::size_t max_frame = 1 << 20;

/// Both ends of one direction of a link, without the link.
struct Pipe {
  explicit Pipe(std::size_t max_queue = 1 << 20, std::size_t max_frame_bytes = max_frame)
      : outbox(max_queue), inbox(crypto::CipherState(key), max_frame_bytes, scratch) {}

  Bytes seal_all() {
    Bytes wire;
    while (!outbox.empty()) frames_left += outbox.seal_next(sealing, wire);
    return wire;
  }
  /// As if the socket had `bytes` ready, and gave at most `at_once` of them at a time.
  Inbox::Verdict feed(BytesView bytes, std::size_t at_once = SIZE_MAX) {
    while (!bytes.empty()) {
      const std::span<std::uint8_t> room = inbox.room();
      const std::size_t size = std::min({room.size(), bytes.size(), at_once});
      std::copy_n(bytes.begin(), size, room.begin());
      bytes = bytes.subspan(size);
      const Inbox::Verdict verdict = inbox.received(size, [this](BytesView frame) {
        frames.push_back(to_text(frame));
        return true;
      });
      if (verdict != Inbox::Verdict::ok) return verdict;
    }
    return Inbox::Verdict::ok;
  }
  bool push(const std::string& text, Priority priority = Priority::normal) {
    return outbox.push(view_of(text), priority);
  }

  static constexpr std::array<std::uint8_t, 32> key{1, 2, 3};
  crypto::CipherState sealing{key};
  Outbox outbox;
  ReadScratch scratch;
  Inbox inbox;
  std::vector<std::string> frames;
  std::size_t frames_left = 0;
};

using Frames = std::vector<std::string>;

TEST_CASE("records: frames come out as they went in, wherever the network cuts the bytes") {
  for (const std::size_t at_once : {1U, 2U, 3U, 17U, 1000U, 65535U, 65536U, 65537U, 1'000'000U}) {
    CAPTURE(at_once);
    Pipe pipe;
    const Frames sent{
        "a", "", std::string(70'000, 'b'), std::string(65'515, 'c'), "d", std::string(200'000, 'e')};
    for (const std::string& frame : sent) pipe.push(frame);
    CHECK(pipe.feed(pipe.seal_all(), at_once) == Inbox::Verdict::ok);
    CHECK((pipe.frames == sent));
    CHECK(pipe.frames_left == sent.size());
  }
}

TEST_CASE("records: an empty one carries no frame and disturbs none") {
  Pipe pipe;
  pipe.push(std::string(100'000, 'x'));
  Bytes wire;
  pipe.outbox.seal_next(pipe.sealing, wire);
  seal_record({}, pipe.sealing, wire);
  pipe.outbox.seal_next(pipe.sealing, wire);
  CHECK(pipe.feed(wire) == Inbox::Verdict::ok);
  CHECK(pipe.frames.size() == 1);
  CHECK(pipe.inbox.records() == 3);
}

TEST_CASE("records: a changed, repeated, left out or too short one is not genuine") {
  for (const std::string fault : {"changed", "repeated", "left out", "too short", "longer"}) {
    CAPTURE(fault);
    Pipe pipe;
    Bytes first;
    Bytes second;
    pipe.push("first");
    pipe.outbox.seal_next(pipe.sealing, first);
    pipe.push("second");
    pipe.outbox.seal_next(pipe.sealing, second);
    if (fault == "changed") first[5] ^= 1;
    if (fault == "repeated") second = first;
    if (fault == "left out") first.clear();
    if (fault == "too short") second = {0, 3, 1, 2, 3};
    if (fault == "longer") second[1] = static_cast<std::uint8_t>(second[1] - 1);
    const bool first_opens = pipe.feed(first) == Inbox::Verdict::ok;
    CHECK((!first_opens || pipe.feed(second) == Inbox::Verdict::not_genuine));
  }
}

TEST_CASE("records: a frame over the limit is refused when its length is known, before its bytes are kept") {
  Pipe pipe(1 << 20, 100);
  pipe.push(std::string(100, 'x'));
  CHECK(pipe.feed(pipe.seal_all()) == Inbox::Verdict::ok);
  Bytes plain;
  put_u32(plain, 101);
  Bytes wire;
  seal_record(plain, pipe.sealing, wire);
  CHECK(pipe.feed(wire) == Inbox::Verdict::frame_too_long);
}

TEST_CASE("records: no frame is handed out after the receiver said stop") {
  Pipe pipe;
  for (int i = 0; i < 3; ++i) pipe.push("frame");
  const Bytes wire = pipe.seal_all();
  std::copy(wire.begin(), wire.end(), pipe.inbox.room().begin());
  int seen = 0;
  CHECK(pipe.inbox.received(wire.size(), [&](BytesView) { return ++seen < 2; }) == Inbox::Verdict::ok);
  CHECK(seen == 2);
}

TEST_CASE("outbox: urgent frames overtake all normal ones that have not begun to leave") {
  Pipe pipe;
  pipe.push(std::string(100'000, 'a'));
  pipe.push("normal");
  Bytes wire;
  pipe.outbox.seal_next(pipe.sealing, wire);  // Half of the long frame has left.
  pipe.push("urgent 1", Priority::urgent);
  pipe.push("urgent 2", Priority::urgent);
  const Bytes rest = pipe.seal_all();
  wire.insert(wire.end(), rest.begin(), rest.end());
  CHECK(pipe.feed(wire) == Inbox::Verdict::ok);
  CHECK((pipe.frames == Frames{std::string(100'000, 'a'), "urgent 1", "urgent 2", "normal"}));
}

TEST_CASE("outbox: an overflow drops normal frames first, then urgent ones, and never the frame just given") {
  Pipe pipe(100);
  CHECK(pipe.push(std::string(40, 'u'), Priority::urgent));
  CHECK(pipe.push(std::string(40, 'n')));
  CHECK_FALSE(pipe.push("new" + std::string(20, '.')));
  CHECK(pipe.feed(pipe.seal_all()) == Inbox::Verdict::ok);
  CHECK((pipe.frames == Frames{std::string(40, 'u'), "new" + std::string(20, '.')}));

  pipe.frames.clear();
  CHECK(pipe.push(std::string(40, 'u'), Priority::urgent));
  CHECK_FALSE(pipe.push(std::string(80, 'n')));
  CHECK(pipe.feed(pipe.seal_all()) == Inbox::Verdict::ok);
  CHECK((pipe.frames == Frames{std::string(80, 'n')}));
}

TEST_CASE("outbox: an overflow never drops the rest of a frame of which a part has left") {
  Pipe pipe(150'000);
  const std::string begun(100'000, 'a');
  pipe.push(begun);
  pipe.push("dropped");
  Bytes wire;
  pipe.outbox.seal_next(pipe.sealing, wire);
  CHECK_FALSE(pipe.push(std::string(120'000, 'b')));
  const Bytes rest = pipe.seal_all();
  wire.insert(wire.end(), rest.begin(), rest.end());
  CHECK(pipe.feed(wire) == Inbox::Verdict::ok);
  CHECK((pipe.frames == Frames{begun, std::string(120'000, 'b')}));
}

TEST_CASE("outbox: long use neither loses a frame nor lets the buffer grow") {
  Pipe pipe(10'000'000);
  Frames sent;
  Bytes wire;
  std::size_t number = 0;
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 20; ++i) {
      sent.push_back(std::to_string(number) + std::string(number * 37 % 9001, '.'));
      pipe.push(sent.back());
      ++number;
    }
    wire.clear();
    for (int records = 0; records < 2 && !pipe.outbox.empty(); ++records) {
      pipe.outbox.seal_next(pipe.sealing, wire);
    }
    REQUIRE(pipe.feed(wire) == Inbox::Verdict::ok);
  }
  REQUIRE(pipe.feed(pipe.seal_all()) == Inbox::Verdict::ok);
  CHECK((pipe.frames == sent));
}

}  // namespace
}  // namespace pbft::net
