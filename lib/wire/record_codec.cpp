// A record is a kind and what it needs, in words of 8 bytes so that its frames are aligned. Numbers are u64,
// little-endian; a frame (wire/pbft.capnp) is preceded by its length in bytes.
//
//   1 prepared          frame of the PrePrepare with its body; number of Prepares, then per Prepare its
//   sender
//                       and its signature
//   2 view change       frame of the ViewChange
//   3 new view          frame of the NewView, then a frame of the ViewChange of each of its sources
//   4 checkpoint proof  frame of the CheckpointProof
//   5 start             nothing
//   6 restraint         checkpoint floor, flags: 1 diverged, 2 stale copy
//
// A Prepare is not a frame of its own, as it would repeat the header: every batch becomes a record.
#include "wire/record_codec.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/check.hpp"
#include "core/images.hpp"
#include "wire/fields.hpp"
#include "wire/sizes.hpp"

namespace pbft::wire {

namespace {

using core::Rejection;

constexpr std::uint64_t diverged_flag = 1, stale_copy_flag = 2;  // of a Restraint

enum class Kind : std::uint64_t {
  prepared = 1,
  view_change = 2,
  new_view = 3,
  checkpoint_proof = 4,
  start = 5,
  restraint = 6,
};

constexpr std::size_t number_bytes = sizeof(std::uint64_t);
constexpr std::size_t prepare_bytes = number_bytes + sizeof(core::Signature::bytes);

/// Writes what each kind of record has behind its kind.
class RecordWriter {
 public:
  void operator()(const core::PreparedRecord& record) {
    PBFT_CHECK(record.body != nullptr);
    const core::PreparedCertificate& certificate = record.certificate;
    const core::Message pre_prepare =
        core::PrePrepare{certificate.header, certificate.pre_prepare, record.body};
    out_.reserve(3 * number_bytes + word_bytes * frame_words(pre_prepare) +
                 prepare_bytes * certificate.prepares.size());
    put(Kind::prepared);
    put(pre_prepare);
    put(certificate.prepares.size());
    for (const core::SignerSignature& prepare : certificate.prepares) {
      put(std::uint64_t{prepare.replica.value});
      out_.insert(out_.end(), prepare.signature.bytes.begin(), prepare.signature.bytes.end());
    }
  }
  void operator()(const core::ViewChangePtr& record) {
    put(Kind::view_change);
    put(core::Message(record));
  }
  void operator()(const core::NewViewRecord& record) {
    PBFT_CHECK(record.sources.size() == record.new_view->sources.size());
    put(Kind::new_view);
    put(core::Message(record.new_view));
    for (const core::ViewChangePtr& source : record.sources) put(core::Message(source));
  }
  void operator()(const core::CheckpointProof& record) {
    put(Kind::checkpoint_proof);
    put(core::Message(record));
  }
  void operator()(const core::StartRecord&) { put(Kind::start); }
  void operator()(const core::Restraint& record) {
    put(Kind::restraint);
    put(record.checkpoint_floor.value);
    put((record.diverged ? diverged_flag : 0) | (record.stale_copy ? stale_copy_flag : 0));
  }

  Bytes take() { return std::move(out_); }

 private:
  void put(std::uint64_t number) {
    for (std::size_t i = 0; i < number_bytes; ++i)
      out_.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
  }
  void put(Kind kind) { put(static_cast<std::uint64_t>(kind)); }
  void put(const core::Message& message) {
    put(std::uint64_t{word_bytes * frame_words(message)});
    append_frame(out_, message);
  }

  Bytes out_;
};

/// Takes a record's parts from the front of its bytes.
class RecordReader {
 public:
  RecordReader(BytesView bytes, const DecodeLimits& limits, const core::Crypto& crypto)
      : left_(bytes), limits_(limits), crypto_(crypto) {}

  core::Record record() {
    core::Record record = record_of(static_cast<Kind>(number()));
    require(left_.empty());
    return record;
  }

 private:
  core::Record record_of(Kind kind) {
    switch (kind) {
      case Kind::prepared:
        return prepared();
      case Kind::view_change:
        return view_change();
      case Kind::new_view:
        return new_view();
      case Kind::checkpoint_proof:
        return message<core::CheckpointProof>();
      case Kind::start:
        return core::StartRecord{};
      case Kind::restraint:
        return restraint();
    }
    throw Refused{Rejection::malformed};
  }

  core::Restraint restraint() {
    const SeqNum floor{number()};
    const std::uint64_t flags = number();
    require((flags & ~(diverged_flag | stale_copy_flag)) == 0);
    return {floor, (flags & diverged_flag) != 0, (flags & stale_copy_flag) != 0};
  }

  core::PreparedRecord prepared() {
    auto [header, signature, body] = message<core::PrePrepare>();
    require(body != nullptr && body->digest == header.digest);
    core::PreparedRecord record{{header, signature, {}}, std::move(body)};
    const std::uint64_t count = number();
    require(count < limits_.replicas);  // without the primary
    for (std::uint64_t i = 0; i < count; ++i) record.certificate.prepares.push_back(prepare());
    require_ascending(record.certificate.prepares, [](const auto& prepare) { return prepare.replica; });
    return record;
  }

  core::SignerSignature prepare() {
    const std::uint64_t replica = number();
    require(replica < limits_.replicas);
    core::SignerSignature prepare{ReplicaId{static_cast<std::uint32_t>(replica)}, {}};
    const BytesView signature = take(prepare.signature.bytes.size());
    std::copy(signature.begin(), signature.end(), prepare.signature.bytes.begin());
    return prepare;
  }

  core::ViewChangePtr view_change() {
    auto complete = std::make_shared<core::ViewChange>(*message<core::ViewChangePtr>());
    complete->digest = core::view_change_digest(crypto_, *complete);
    return complete;
  }

  core::NewViewRecord new_view() {
    core::NewViewRecord record{message<core::NewViewPtr>(), {}};
    for (const core::NewView::Source& source : record.new_view->sources) {
      record.sources.push_back(view_change());
      const core::ViewChange& found = *record.sources.back();
      require(found.sender == source.replica && found.digest == source.view_change);
    }
    return record;
  }

  BytesView take(std::uint64_t count) {
    require(count <= left_.size());
    const BytesView taken = left_.first(static_cast<std::size_t>(count));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  std::uint64_t number() {
    const BytesView bytes = take(number_bytes);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < number_bytes; ++i) number |= std::uint64_t{bytes[i]} << (8 * i);
    return number;
  }
  /// The next frame, if it is of this kind.
  template <class Expected>
  Expected message() {
    auto decoded = decode(take(number()), limits_, crypto_);
    if (const auto* refused = std::get_if<Rejection>(&decoded)) throw Refused{*refused};
    auto* expected = std::get_if<Expected>(&std::get<core::Message>(decoded));
    require(expected != nullptr);
    return std::move(*expected);
  }

  BytesView left_;
  const DecodeLimits& limits_;
  const core::Crypto& crypto_;
};

}  // namespace

Bytes encode_record(const core::Record& record) {
  RecordWriter writer;
  std::visit(writer, record);
  return writer.take();
}

std::variant<core::Record, Rejection> decode_record(BytesView bytes, const DecodeLimits& limits,
                                                    const core::Crypto& crypto) {
  try {
    return RecordReader(bytes, limits, crypto).record();
  } catch (const Refused& refused) {
    return refused.reason;
  }
}

}  // namespace pbft::wire
