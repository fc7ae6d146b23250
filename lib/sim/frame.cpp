#include "sim/frame.hpp"

#include "sim/describe.hpp"
#include "sim/random.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

Mail::Mail(const Keys& keys, std::uint32_t replicas, const AgreedLimits& agreed)
    : keys_(keys), limits_{replicas, agreed} {}

FramePtr Mail::seal(const core::MessagePtr& message, bool genuine) const {
  auto frame = std::make_shared<Frame>();
  frame->bytes = wire::encode(*message);
  frame->hash = hash64(0, frame->bytes);
  frame->genuine = genuine;
  if (genuine && frame->bytes.size() > limits_.max_frame_bytes()) {
    unsafe("a correct member sends " + std::to_string(frame->bytes.size()) + " bytes: " + describe(*message));
  }
  return frame;
}

FramePtr Mail::seal_bytes(Bytes bytes) const {
  auto frame = std::make_shared<Frame>();
  frame->bytes = std::move(bytes);
  frame->hash = hash64(0, frame->bytes);
  return frame;
}

Opened Mail::judge(const Frame& frame, const core::Crypto& crypto) const {
  auto decoded = wire::decode(frame.bytes, limits_, crypto);
  if (const auto* rejection = std::get_if<core::Rejection>(&decoded)) return *rejection;
  return core::Authenticator(crypto, core::Quorums(limits_.replicas))
      .authenticate(std::move(std::get<core::Message>(decoded)));
}

Opened Mail::open(const Frame& frame, const core::Identity& receiver) const {
  const bool shared = keys_.kind() == Signatures::ideal;
  if (!shared || !frame.opened) frame.opened = judge(frame, keys_.of(receiver));
  if (const auto* rejection = std::get_if<core::Rejection>(&*frame.opened); rejection && frame.genuine) {
    unsafe(std::string("a correct member's frame is refused: ") + core::name_of(*rejection));
  }
  return *frame.opened;
}

}  // namespace pbft::sim
