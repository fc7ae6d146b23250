#include "sim/frame.hpp"

#include "sim/describe.hpp"
#include "sim/random.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

Mail::Mail(const Keys& keys, std::uint32_t replicas, const AgreedLimits& agreed)
    : crypto_(keys.of(ReplicaId{0})),
      limits_{replicas, agreed},
      authenticator_(crypto_, core::Quorums(replicas)) {}

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

const Opened& Mail::open(const Frame& frame) const {
  if (!frame.opened) {
    auto decoded = wire::decode(frame.bytes, limits_, crypto_);
    if (auto* message = std::get_if<core::Message>(&decoded)) {
      frame.opened = authenticator_.authenticate(std::move(*message));
    } else {
      frame.opened = std::get<core::Rejection>(decoded);
    }
  }
  if (const auto* rejection = std::get_if<core::Rejection>(&*frame.opened); rejection && frame.genuine) {
    unsafe(std::string("a correct member's frame is refused: ") + core::name_of(*rejection));
  }
  return *frame.opened;
}

}  // namespace pbft::sim
