// What a frame seems to be, before it is decoded.
#include <kj/exception.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "wire/capnp.hpp"
#include "wire/codec.hpp"

namespace pbft::wire {

// In a frame that append_frame() wrote, all that is looked at lies in the first words; of another one nothing
// is said here.
bool has_no_signature(BytesView frame) {
  std::array<std::uint64_t, 16> head{};
  const std::size_t bytes = std::min(frame.size(), sizeof head);
  if (bytes == 0 || bytes % sizeof(std::uint64_t) != 0) return false;
  std::memcpy(head.data(), frame.data(), bytes);
  const kj::ArrayPtr<const capnp::word> segment(reinterpret_cast<const capnp::word*>(head.data()),
                                                bytes / sizeof(std::uint64_t));
  try {
    capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&segment, 1));
    const auto root = reader.getRoot<schema::Frame>();
    if (root.isRequest()) return root.getRequest().getRequest().getProof().isTags();
    return root.isIntroduction() || root.isVouch();
  } catch (const kj::Exception&) {
    return false;
  }
}

}  // namespace pbft::wire
