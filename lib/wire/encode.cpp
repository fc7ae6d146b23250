// From core values to frames, built in place: the buffer has exactly the size of the message.
#include <cstdint>
#include <cstring>
#include <variant>
#include <vector>

#include "core/check.hpp"
#include "wire/capnp.hpp"
#include "wire/codec.hpp"
#include "wire/sizes.hpp"

namespace pbft::wire {

namespace {

capnp::Data::Reader blob(BytesView bytes) { return {bytes.data(), bytes.size()}; }
capnp::Data::Reader blob(const Digest& digest) { return blob(BytesView(digest.bytes)); }
capnp::Data::Reader blob(const core::Signature& signature) { return blob(BytesView(signature.bytes)); }
capnp::Data::Reader blob(const core::Tag& tag) { return blob(BytesView(tag.bytes)); }
unsigned count(std::size_t size) { return static_cast<unsigned>(size); }

void write_tags(capnp::Data::Builder to, const std::vector<core::Tag>& tags) {
  for (const core::Tag& tag : tags) {
    std::memcpy(to.begin(), tag.bytes.data(), tag.bytes.size());
    to = to.slice(tag.bytes.size(), to.size());
  }
}

/// Tags are for who looks at a request before it is in a batch.
void write(schema::Request::Builder to, const core::Request& request, bool in_batch) {
  to.setPayload(blob(request.payload));
  if (request.proof == core::Proof::signature) {
    to.getProof().setSignature(blob(request.signature));
  } else if (request.proof == core::Proof::tags && !in_batch) {
    write_tags(to.getProof().initTags(count(sizeof(core::Tag::bytes) * request.tags.size())), request.tags);
  } else {
    to.getProof().setNone();
  }
}

void write(schema::RequestMessage::Builder to, const core::RequestMessage& message) {
  write(to.initRequest(), *message.request, false);
  to.setAttempt(message.attempt);
}

void write(schema::Introduction::Builder to, const core::Introduction& message) {
  to.setView(message.view.value);
  to.setNumber(message.number);
  auto items = to.initItems(count(message.items.size()));
  for (unsigned i = 0; i < items.size(); ++i) {
    items[i].setPayload(blob(message.items[i].request->payload));
    items[i].setTag(blob(message.items[i].tag));
  }
}

void write(schema::Vouch::Builder to, const core::Vouch& message) {
  to.setView(message.view.value);
  to.setNumber(message.number);
  auto requests = to.initRequests(count(message.requests.size()));
  for (unsigned i = 0; i < requests.size(); ++i) requests.set(i, blob(message.requests[i]));
}

void write(schema::Body::Builder to, const core::Body& body) {
  to.setUnixMicroseconds(body.time.unix_us);
  auto requests = to.initRequests(count(body.requests.size()));
  for (unsigned i = 0; i < requests.size(); ++i) write(requests[i], *body.requests[i], true);
}

void write(schema::BatchHeader::Builder to, const core::BatchHeader& header) {
  to.setView(header.view.value);
  to.setSeq(header.seq.value);
  to.setDigest(blob(header.digest));
}

void write(schema::PrePrepare::Builder to, const core::PrePrepare& message) {
  write(to.initHeader(), message.header);
  to.setSignature(blob(message.signature));
  if (message.body) write(to.initBody(), *message.body);
}

void write(schema::Vote::Builder to, const core::Vote& vote) {
  write(to.initHeader(), vote.header);
  to.setSender(vote.sender.value);
  to.setSignature(blob(vote.signature));
}

void write(schema::Checkpoint::Builder to, const core::Checkpoint& message) {
  to.setSeq(message.seq.value);
  to.setState(blob(message.state));
  to.setSender(message.sender.value);
  to.setSignature(blob(message.signature));
}

void write(capnp::List<schema::SignerSignature>::Builder to,
           const std::vector<core::SignerSignature>& signers) {
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setReplica(signers[i].replica.value);
    to[i].setSignature(blob(signers[i].signature));
  }
}

void write(schema::CheckpointProof::Builder to, const core::CheckpointProof& proof) {
  to.setSeq(proof.seq.value);
  to.setState(blob(proof.state));
  write(to.initVotes(count(proof.votes.size())), proof.votes);
}

void write(schema::PreparedCertificate::Builder to, const core::PreparedCertificate& certificate) {
  write(to.initHeader(), certificate.header);
  to.setPrePrepare(blob(certificate.pre_prepare));
  write(to.initPrepares(count(certificate.prepares.size())), certificate.prepares);
}

void write(schema::ViewChange::Builder to, const core::ViewChangePtr& message) {
  to.setNewView(message->new_view.value);
  to.setSender(message->sender.value);
  to.setIncarnation(message->incarnation);
  write(to.initStable(), message->stable);
  auto prepared = to.initPrepared(count(message->prepared.size()));
  for (unsigned i = 0; i < prepared.size(); ++i) write(prepared[i], message->prepared[i]);
  to.setSignature(blob(message->signature));
}

void write(schema::NewView::Builder to, const core::NewViewPtr& message) {
  to.setView(message->view.value);
  auto sources = to.initSources(count(message->sources.size()));
  for (unsigned i = 0; i < sources.size(); ++i) {
    sources[i].setReplica(message->sources[i].replica.value);
    sources[i].setViewChange(blob(message->sources[i].view_change));
  }
  to.setFirst(message->first.value);
  auto headers = to.initHeaders(count(message->headers.size()));
  for (unsigned i = 0; i < headers.size(); ++i) {
    headers[i].setDigest(blob(message->headers[i].digest));
    headers[i].setSignature(blob(message->headers[i].signature));
  }
  to.setSignature(blob(message->signature));
}

void write(schema::Reply::Builder to, const core::Reply& reply) {
  to.setEpoch(reply.epoch.value);
  to.setView(reply.view.value);
  to.setClient(reply.client.value);
  auto items = to.initItems(count(reply.items.size()));
  for (unsigned i = 0; i < items.size(); ++i) {
    const core::ReplyItem& item = reply.items[i];
    items[i].setNumber(item.number.value);
    items[i].setOperation(blob(item.operation));
    items[i].setOutcome(static_cast<std::uint8_t>(item.outcome));
    if (const auto* whole = std::get_if<Bytes>(&item.result)) {
      items[i].getResult().setWhole(blob(*whole));
    } else {
      items[i].getResult().setDigest(blob(std::get<Digest>(item.result)));
    }
  }
}

void write(schema::Query::Builder to, const core::Query& query) {
  to.setIncarnation(query.incarnation.value);
  to.setAttempt(query.attempt);
  auto items = to.initItems(count(query.items.size()));
  for (unsigned i = 0; i < items.size(); ++i) {
    items[i].setNumber(query.items[i].number.value);
    items[i].setBody(blob(query.items[i].body));
  }
}

void write(schema::QueryReply::Builder to, const core::QueryReply& reply) {
  to.setEpoch(reply.epoch.value);
  to.setView(reply.view.value);
  to.setIncarnation(reply.incarnation.value);
  auto items = to.initItems(count(reply.items.size()));
  for (unsigned i = 0; i < items.size(); ++i) {
    const core::QueryReply::Item& item = reply.items[i];
    items[i].setNumber(item.number.value);
    if (const auto* whole = std::get_if<Bytes>(&item.result)) {
      items[i].getResult().setWhole(blob(*whole));
    } else if (const auto* digest = std::get_if<Digest>(&item.result)) {
      items[i].getResult().setDigest(blob(*digest));
    } else {
      items[i].getResult().setDeclined();
    }
  }
}

void write(schema::Status::Builder to, const core::Status& status) {
  to.setView(status.view.value);
  to.setPending(status.pending.value);
  to.setAnswerWanted(status.answer_wanted);
  to.setObserving(status.observing);
  to.setStable(status.stable.value);
  to.setExecuted(status.executed.value);
  to.setViewChanges(status.view_changes);
  auto slots = to.initSlots(count(status.slots.size()));
  for (unsigned i = 0; i < slots.size(); ++i) {
    const core::Status::Slot& slot = status.slots[i];
    slots[i].setSeq(slot.seq.value);
    slots[i].setHasHeader(slot.has_header);
    slots[i].setHasBody(slot.has_body);
    slots[i].setCommitted(slot.committed);
    slots[i].setPrepares(slot.prepares);
    slots[i].setCommits(slot.commits);
  }
  auto checkpoints = to.initCheckpoints(count(status.checkpoints.size()));
  for (unsigned i = 0; i < checkpoints.size(); ++i) {
    checkpoints[i].setSeq(status.checkpoints[i].seq.value);
    checkpoints[i].setVotes(status.checkpoints[i].votes);
  }
}

void write(schema::FetchBody::Builder to, const core::FetchBody& message) {
  to.setSeq(message.seq.value);
  to.setDigest(blob(message.digest));
}

void write(schema::FetchViewChange::Builder to, const core::FetchViewChange& message) {
  to.setReplica(message.replica.value);
  to.setDigest(blob(message.digest));
}

void write(schema::BodyMessage::Builder to, const core::BodyMessage& message) {
  to.setSeq(message.seq.value);
  write(to.initBody(), *message.body);
}

void write(schema::FetchState::Builder to, const core::FetchState& message) {
  to.setSeq(message.seq.value);
  auto blocks = to.initBlocks(count(message.blocks.size()));
  for (unsigned i = 0; i < blocks.size(); ++i) blocks.set(i, blob(message.blocks[i]));
}

void write(schema::StateBlock::Builder to, const core::StateBlock& message) {
  to.setBlock(blob(*message.block));
}

void write(schema::Complaints::Builder to, const core::Complaints& message) {
  to.setView(message.view.value);
  auto votes = to.initVotes(count(message.votes.size()));
  for (unsigned i = 0; i < votes.size(); ++i) {
    votes[i].setReplica(message.votes[i].replica.value);
    votes[i].setStable(message.votes[i].stable.value);
    votes[i].setSignature(blob(message.votes[i].signature));
  }
}

/// Picks the union member of each kind.
struct WriteFrame {
  schema::Frame::Builder to;
  void operator()(const core::RequestMessage& message) { write(to.initRequest(), message); }
  void operator()(const core::PrePrepare& message) { write(to.initPrePrepare(), message); }
  void operator()(const core::Prepare& message) { write(to.initPrepare(), message); }
  void operator()(const core::Commit& message) { write(to.initCommit(), message); }
  void operator()(const core::Checkpoint& message) { write(to.initCheckpoint(), message); }
  void operator()(const core::CheckpointProof& message) { write(to.initCheckpointProof(), message); }
  void operator()(const core::ViewChangePtr& message) { write(to.initViewChange(), message); }
  void operator()(const core::NewViewPtr& message) { write(to.initNewView(), message); }
  void operator()(const core::Reply& message) { write(to.initReply(), message); }
  void operator()(const core::Status& message) { write(to.initStatus(), message); }
  void operator()(const core::FetchBody& message) { write(to.initFetchBody(), message); }
  void operator()(const core::FetchViewChange& message) { write(to.initFetchViewChange(), message); }
  void operator()(const core::BodyMessage& message) { write(to.initBody(), message); }
  void operator()(const core::FetchState& message) { write(to.initFetchState(), message); }
  void operator()(const core::StateBlock& message) { write(to.initStateBlock(), message); }
  void operator()(const core::Query& message) { write(to.initQuery(), message); }
  void operator()(const core::QueryReply& message) { write(to.initQueryReply(), message); }
  void operator()(const core::Complaints& message) { write(to.initComplaints(), message); }
  void operator()(const core::Introduction& message) { write(to.initIntroduction(), message); }
  void operator()(const core::Vouch& message) { write(to.initVouch(), message); }
};

}  // namespace

void append_frame(Bytes& to, const core::Message& message) {
  const std::size_t before = to.size(), words = frame_words(message);
  PBFT_CHECK(before % word_bytes == 0);
  to.resize(before +
            words * word_bytes);  // zeroed, as the builder needs it; operator new aligns it for words
  capnp::FlatMessageBuilder builder(kj::arrayPtr(reinterpret_cast<capnp::word*>(to.data() + before), words));
  std::visit(WriteFrame{builder.initRoot<schema::Frame>()}, message);
  builder.requireFilled();
}

Bytes encode(const core::Message& message) {
  Bytes frame;
  append_frame(frame, message);
  return frame;
}

}  // namespace pbft::wire
