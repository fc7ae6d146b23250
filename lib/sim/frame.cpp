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

namespace {
// Which of the tags holds is another question for each receiver; and a correct replica passes on what only
// others can check.
bool has_tags(const core::Message& message) {
  const auto* request = std::get_if<core::RequestMessage>(&message);
  return std::holds_alternative<core::Introduction>(message) ||
         (request && request->request->proof == core::Proof::tags);
}
bool is_personal(const Opened& opened) {
  const auto* message = std::get_if<core::AuthenticMessage>(&opened);
  return message ? has_tags(message->get()) : std::get<core::Rejection>(opened) == core::Rejection::wrong_tag;
}
}  // namespace

Opened Mail::judge(const Frame& frame, const core::Identity& sender, const core::Crypto& crypto) const {
  auto decoded = wire::decode(frame.bytes, limits_, crypto);
  if (const auto* rejection = std::get_if<core::Rejection>(&decoded)) return *rejection;
  return core::Authenticator(crypto, core::Quorums(limits_.replicas))
      .authenticate(std::move(std::get<core::Message>(decoded)), sender);
}

const Opened& Mail::open(const Frame& frame, const core::Identity& sender,
                         const core::Identity& receiver) const {
  const bool shared = keys_.kind() == Signatures::ideal;
  if (!shared || !frame.opened || is_personal(*frame.opened)) {
    frame.opened = judge(frame, sender, keys_.of(receiver));
  }
  const auto* rejection = std::get_if<core::Rejection>(&*frame.opened);
  if (rejection && frame.genuine && *rejection != core::Rejection::wrong_tag) {
    unsafe(std::string("a correct member's frame is refused: ") + core::name_of(*rejection));
  }
  return *frame.opened;
}

}  // namespace pbft::sim
