// From frames to core values: the one place where a peer's bytes meet Cap'n Proto.
#include <kj/exception.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/images.hpp"
#include "core/mutants.hpp"
#include "core/state_tree.hpp"
#include "wire/capnp.hpp"
#include "wire/codec.hpp"
#include "wire/fields.hpp"
#include "wire/request.hpp"
#include "wire/sizes.hpp"

namespace pbft::wire {

namespace {

using core::Rejection;

/// Deepest chain: root, Frame, ViewChange, list of certificates, list of prepares, signature.
constexpr int nesting_limit = 6;

class Decoder {
 public:
  Decoder(const DecodeLimits& limits, const core::Crypto& crypto) : limits_(limits), crypto_(crypto) {}

  core::Message decode(const schema::Frame::Reader& frame) const {
    switch (frame.which()) {
      case schema::Frame::REQUEST:
        return request_message(frame.getRequest());
      case schema::Frame::PRE_PREPARE:
        return pre_prepare(frame.getPrePrepare());
      case schema::Frame::PREPARE:
        return core::Prepare{vote(frame.getPrepare())};
      case schema::Frame::COMMIT:
        return core::Commit{vote(frame.getCommit())};
      case schema::Frame::CHECKPOINT:
        return checkpoint(frame.getCheckpoint());
      case schema::Frame::CHECKPOINT_PROOF:
        return proof(frame.getCheckpointProof());
      case schema::Frame::VIEW_CHANGE:
        return view_change(frame.getViewChange());
      case schema::Frame::NEW_VIEW:
        return new_view(frame.getNewView());
      case schema::Frame::REPLY:
        return reply(frame.getReply());
      case schema::Frame::STATUS:
        return status(frame.getStatus());
      case schema::Frame::FETCH_BODY:
        return fetch_body(frame.getFetchBody());
      case schema::Frame::FETCH_VIEW_CHANGE:
        return fetch_view_change(frame.getFetchViewChange());
      case schema::Frame::BODY:
        return body_message(frame.getBody());
      case schema::Frame::FETCH_STATE:
        return fetch_state(frame.getFetchState());
      case schema::Frame::STATE_BLOCK:
        return state_block(frame.getStateBlock());
      case schema::Frame::QUERY:
        return query(frame.getQuery());
      case schema::Frame::QUERY_REPLY:
        return query_reply(frame.getQueryReply());
      case schema::Frame::COMPLAINTS:
        return complaints(frame.getComplaints());
      case schema::Frame::INTRODUCTION:
        return introduction(frame.getIntroduction());
      case schema::Frame::VOUCH:
        return vouch(frame.getVouch());
    }
    throw Refused{Rejection::malformed};
  }

 private:
  std::shared_ptr<core::Request> unproven(capnp::Data::Reader payload) const {
    auto parsed = parse_request({payload.begin(), payload.size()}, limits_.agreed, crypto_);
    if (const Rejection* refused = std::get_if<Rejection>(&parsed)) throw Refused{*refused};
    return std::get<std::shared_ptr<core::Request>>(std::move(parsed));
  }

  core::RequestPtr request(const schema::Request::Reader& from, bool in_batch) const {
    auto to = unproven(from.getPayload());
    const auto proof = from.getProof();
    switch (proof.which()) {
      case schema::Request::Proof::SIGNATURE:
        to->proof = core::Proof::signature;
        to->signature = signature(proof.getSignature());
        return to;
      case schema::Request::Proof::TAGS:
        require(!in_batch);
        to->proof = core::Proof::tags;
        to->tags = tags(proof.getTags());
        return to;
      case schema::Request::Proof::NONE:
        require(in_batch);
        return to;
    }
    throw Refused{Rejection::malformed};
  }

  std::vector<core::Tag> tags(capnp::Data::Reader from) const {
    std::vector<core::Tag> to(limits_.replicas);
    constexpr std::size_t bytes = sizeof(core::Tag::bytes);
    require(from.size() == bytes * to.size());
    for (std::size_t i = 0; i < to.size(); ++i) {
      std::memcpy(to[i].bytes.data(), from.begin() + bytes * i, bytes);
    }
    return to;
  }

  core::RequestMessage request_message(const schema::RequestMessage::Reader& from) const {
    return {request(from.getRequest(), false), from.getAttempt()};
  }

  static std::size_t payload_size(const core::RequestPtr& request) { return request->payload.size(); }
  static std::size_t payload_size(const core::Introduction::Item& item) { return payload_size(item.request); }

  /// As many requests as a batch may hold, and no more bytes.
  template <class List, class Decode>
  auto batch(const List& list, Decode decode_element) const {
    std::size_t bytes = 0;
    return decode_list(
        list, limits_.agreed.max_batch_requests,
        [&](const auto& element) {
          auto decoded = decode_element(element);
          bytes += payload_size(decoded);
          require(bytes <= limits_.agreed.max_batch_bytes, Rejection::too_large);
          return decoded;
        },
        Rejection::too_large);
  }

  core::Introduction introduction(const schema::Introduction::Reader& from) const {
    core::Introduction to{
        View{from.getView()}, from.getNumber(), batch(from.getItems(), [&](const auto& element) {
          return core::Introduction::Item{unproven(element.getPayload()), fixed<core::Tag>(element.getTag())};
        })};
    require(!to.items.empty());
    return to;
  }

  core::Vouch vouch(const schema::Vouch::Reader& from) const {
    return {View{from.getView()}, from.getNumber(),
            decode_list(from.getRequests(), limits_.agreed.max_batch_requests, digest)};
  }

  core::BodyPtr body(const schema::Body::Reader& from) const {
    auto to = std::make_shared<core::Body>();
    to->time.unix_us = from.getUnixMicroseconds();
    to->requests = batch(from.getRequests(), [&](const auto& element) { return request(element, true); });
    to->digest = core::batch_digest(crypto_, to->time, to->requests);
    return to;
  }

  static core::BatchHeader header(const schema::BatchHeader::Reader& from) {
    return {View{from.getView()}, SeqNum{from.getSeq()}, digest(from.getDigest())};
  }

  core::PrePrepare pre_prepare(const schema::PrePrepare::Reader& from) const {
    return {header(from.getHeader()), signature(from.getSignature()),
            from.hasBody() ? body(from.getBody()) : nullptr};
  }

  static core::Vote vote(const schema::Vote::Reader& from) {
    return {header(from.getHeader()), ReplicaId{from.getSender()}, signature(from.getSignature())};
  }

  static core::Checkpoint checkpoint(const schema::Checkpoint::Reader& from) {
    return {SeqNum{from.getSeq()}, digest(from.getState()), ReplicaId{from.getSender()},
            signature(from.getSignature())};
  }

  /// Ids in lists: below n and ascending, so also distinct and at most n.
  template <class Value>
  void require_replicas(const std::vector<Value>& values) const {
    if (!core::mutated(core::Mutant::signers_may_repeat)) {
      require_ascending(values, [](const Value& value) { return value.replica; });
    }
    require(values.empty() || values.back().replica.value < limits_.replicas);
  }

  std::vector<core::SignerSignature> signers(const capnp::List<schema::SignerSignature>::Reader& from,
                                             std::size_t limit) const {
    auto to = decode_list(from, limit, [](const schema::SignerSignature::Reader& element) {
      return core::SignerSignature{ReplicaId{element.getReplica()}, signature(element.getSignature())};
    });
    require_replicas(to);
    return to;
  }

  core::CheckpointProof proof(const schema::CheckpointProof::Reader& from) const {
    return {SeqNum{from.getSeq()}, digest(from.getState()), signers(from.getVotes(), limits_.replicas)};
  }

  core::PreparedCertificate certificate(const schema::PreparedCertificate::Reader& from) const {
    return {header(from.getHeader()), signature(from.getPrePrepare()),
            signers(from.getPrepares(), limits_.replicas - 1)};
  }

  core::ViewChangePtr view_change(const schema::ViewChange::Reader& from) const {
    auto to = std::make_shared<core::ViewChange>();
    to->new_view = View{from.getNewView()};
    to->sender = ReplicaId{from.getSender()};
    to->incarnation = from.getIncarnation();
    to->stable = proof(from.getStable());
    to->prepared =
        decode_list(from.getPrepared(), limits_.agreed.window(),
                    [&](const schema::PreparedCertificate::Reader& element) { return certificate(element); });
    require_ascending(to->prepared, [](const core::PreparedCertificate& c) { return c.header.seq; });
    to->signature = signature(from.getSignature());
    return to;
  }

  core::NewViewPtr new_view(const schema::NewView::Reader& from) const {
    auto to = std::make_shared<core::NewView>();
    to->view = View{from.getView()};
    to->sources =
        decode_list(from.getSources(), limits_.replicas, [](const schema::NewView::Source::Reader& element) {
          return core::NewView::Source{ReplicaId{element.getReplica()}, digest(element.getViewChange())};
        });
    require_replicas(to->sources);
    to->first = SeqNum{from.getFirst()};
    to->headers = decode_list(
        from.getHeaders(), limits_.agreed.window(), [](const schema::NewView::Header::Reader& element) {
          return core::NewView::Header{digest(element.getDigest()), signature(element.getSignature())};
        });
    require(to->first.value <= std::numeric_limits<std::uint64_t>::max() - to->headers.size());
    to->signature = signature(from.getSignature());
    return to;
  }

  core::ReplyItem reply_item(const schema::Reply::Item::Reader& from) const {
    core::ReplyItem to;
    to.number = RequestNumber{from.getNumber()};
    to.operation = digest(from.getOperation());
    const std::uint8_t outcome = from.getOutcome();
    require(outcome <= static_cast<std::uint8_t>(core::Outcome::invalid));
    to.outcome = static_cast<core::Outcome>(outcome);
    const auto result = from.getResult();
    switch (result.which()) {
      case schema::Reply::Item::Result::WHOLE: {
        const capnp::Data::Reader whole = result.getWhole();
        // An open's result is a number, whatever the application's limit.
        require(whole.size() <= std::max(limits_.agreed.max_result_bytes, sizeof(std::uint64_t)),
                Rejection::too_large);
        to.result = Bytes(whole.begin(), whole.end());
        return to;
      }
      case schema::Reply::Item::Result::DIGEST:
        to.result = digest(result.getDigest());
        return to;
    }
    throw Refused{Rejection::malformed};
  }

  core::Reply reply(const schema::Reply::Reader& from) const {
    return {Epoch{from.getEpoch()}, View{from.getView()}, ClientId{from.getClient()},
            decode_list(from.getItems(), max_reply_items,
                        [&](const schema::Reply::Item::Reader& element) { return reply_item(element); })};
  }

  core::Query query(const schema::Query::Reader& from) const {
    std::size_t bytes = 0;
    core::Query to{RequestNumber{from.getIncarnation()}, from.getAttempt(), {}};
    to.items = decode_list(
        from.getItems(), limits_.agreed.max_request_operations,
        [&](const schema::Query::Item::Reader& element) {
          const capnp::Data::Reader body = element.getBody();
          bytes += body.size();
          require(body.size() <= limits_.agreed.max_operation_bytes, Rejection::too_large);
          require(bytes <= limits_.agreed.max_request_bytes, Rejection::too_large);
          return core::Query::Item{core::QueryNumber{element.getNumber()}, Bytes(body.begin(), body.end())};
        },
        Rejection::too_large);
    require(!to.items.empty());
    require_ascending(to.items, [](const core::Query::Item& item) { return item.number; });
    return to;
  }

  core::QueryReply::Item query_answer(const schema::QueryReply::Item::Reader& from) const {
    core::QueryReply::Item to{core::QueryNumber{from.getNumber()}, core::QueryReply::Declined{}};
    const auto result = from.getResult();
    switch (result.which()) {
      case schema::QueryReply::Item::Result::DECLINED:
        return to;
      case schema::QueryReply::Item::Result::WHOLE: {
        const capnp::Data::Reader whole = result.getWhole();
        require(whole.size() <= limits_.agreed.max_result_bytes, Rejection::too_large);
        to.result = Bytes(whole.begin(), whole.end());
        return to;
      }
      case schema::QueryReply::Item::Result::DIGEST:
        to.result = digest(result.getDigest());
        return to;
    }
    throw Refused{Rejection::malformed};
  }

  core::QueryReply query_reply(const schema::QueryReply::Reader& from) const {
    core::QueryReply to{
        Epoch{from.getEpoch()}, View{from.getView()}, RequestNumber{from.getIncarnation()},
        decode_list(from.getItems(), max_reply_items,
                    [&](const schema::QueryReply::Item::Reader& element) { return query_answer(element); })};
    require(!to.items.empty());
    require_ascending(to.items, [](const core::QueryReply::Item& item) { return item.number; });
    return to;
  }

  std::uint64_t mask(std::uint64_t bits) const {
    require(limits_.replicas >= 64 || bits >> limits_.replicas == 0);
    return bits;
  }

  core::Status::Slot slot(const schema::Status::Slot::Reader& from) const {
    return {SeqNum{from.getSeq()}, from.getHasHeader(),      from.getHasBody(),
            from.getCommitted(),   mask(from.getPrepares()), mask(from.getCommits())};
  }

  core::Status status(const schema::Status::Reader& from) const {
    core::Status to;
    to.view = View{from.getView()};
    to.pending = View{from.getPending()};
    to.answer_wanted = from.getAnswerWanted();
    to.observing = from.getObserving();
    to.stable = SeqNum{from.getStable()};
    to.executed = SeqNum{from.getExecuted()};
    to.view_changes = mask(from.getViewChanges());
    to.slots = decode_list(from.getSlots(), max_status_slots(limits_.agreed),
                           [&](const schema::Status::Slot::Reader& element) { return slot(element); });
    require_ascending(to.slots, [](const core::Status::Slot& s) { return s.seq; });
    to.checkpoints = decode_list(from.getCheckpoints(), max_status_checkpoints,
                                 [&](const schema::Status::CheckpointVotes::Reader& element) {
                                   return core::Status::CheckpointVotes{SeqNum{element.getSeq()},
                                                                        mask(element.getVotes())};
                                 });
    require_ascending(to.checkpoints, [](const core::Status::CheckpointVotes& c) { return c.seq; });
    return to;
  }

  static core::FetchBody fetch_body(const schema::FetchBody::Reader& from) {
    return {SeqNum{from.getSeq()}, digest(from.getDigest())};
  }

  static core::FetchViewChange fetch_view_change(const schema::FetchViewChange::Reader& from) {
    return {ReplicaId{from.getReplica()}, digest(from.getDigest())};
  }

  core::BodyMessage body_message(const schema::BodyMessage::Reader& from) const {
    require(from.hasBody());
    return {SeqNum{from.getSeq()}, body(from.getBody())};
  }

  static core::FetchState fetch_state(const schema::FetchState::Reader& from) {
    core::FetchState to{SeqNum{from.getSeq()},
                        decode_list(from.getBlocks(), core::FetchState::max_blocks, digest)};
    require(!to.blocks.empty());
    return to;
  }

  static core::StateBlock state_block(const schema::StateBlock::Reader& from) {
    const capnp::Data::Reader block = from.getBlock();
    require(block.size() >= 1 && block.size() <= core::max_block_bytes);
    return {std::make_shared<const Bytes>(block.begin(), block.end())};
  }

  core::Complaints complaints(const schema::Complaints::Reader& from) const {
    core::Complaints to{
        View{from.getView()},
        decode_list(from.getVotes(), limits_.replicas, [](const schema::Complaints::Vote::Reader& element) {
          return core::Complaints::Vote{ReplicaId{element.getReplica()}, SeqNum{element.getStable()},
                                        signature(element.getSignature())};
        })};
    require_replicas(to.votes);
    require(!to.votes.empty());
    return to;
  }

  const DecodeLimits& limits_;
  const core::Crypto& crypto_;
};

}  // namespace

std::variant<core::Message, Rejection> decode(BytesView frame, const DecodeLimits& limits,
                                              const core::Crypto& crypto) {
  if (frame.empty() || frame.size() % word_bytes != 0) return Rejection::malformed;
  if (frame.size() > limits.max_frame_bytes()) return Rejection::too_large;

  std::vector<std::uint64_t> aligned;
  const auto* words = reinterpret_cast<const capnp::word*>(frame.data());
  if (reinterpret_cast<std::uintptr_t>(frame.data()) % word_bytes != 0) {
    aligned.resize(frame.size() / word_bytes);
    std::memcpy(aligned.data(), frame.data(), frame.size());
    words = reinterpret_cast<const capnp::word*>(aligned.data());
  }
  const kj::ArrayPtr<const capnp::word> segment(words, frame.size() / word_bytes);

  // Reading every object once costs at most the frame itself, and the library wants a word to be left over.
  // What many pointers share exceeds it, so that a frame cannot unfold into more than its size.
  capnp::ReaderOptions options;
  options.traversalLimitInWords = segment.size() + 1;
  options.nestingLimit = nesting_limit;
  try {
    capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&segment, 1), options);
    core::Message message = Decoder(limits, crypto).decode(reader.getRoot<schema::Frame>());
    require(frame_words(message) == segment.size());  // nothing travels that is not part of the value
    return message;
  } catch (const kj::Exception&) {
    return Rejection::malformed;
  } catch (const Refused& refused) {
    return refused.reason;
  }
}

}  // namespace pbft::wire
