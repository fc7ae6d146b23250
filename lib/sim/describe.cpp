#include "sim/describe.hpp"

namespace pbft::sim {

namespace {

using std::to_string;

template <class Tag, class Rep>
std::string text(Id<Tag, Rep> id) {
  return to_string(id.value);
}
std::string text(const core::BatchHeader& header) {
  return "v" + text(header.view) + " s" + text(header.seq) + " " + describe(header.digest);
}

struct MessageText {
  std::string operator()(const core::RequestMessage& m) const {
    const core::Request& request = *m.request;
    if (request.kind == core::RequestKind::open) {
      return "open c" + text(request.client) + " incarnation " + text(request.first);
    }
    return "request c" + text(request.client) + " #" + text(request.first) + "+" +
           to_string(request.items.size()) + " attempt " + to_string(m.attempt) +
           (request.proof == core::Proof::tags ? " with tags" : "");
  }
  std::string operator()(const core::PrePrepare& m) const {
    return "pre-prepare " + text(m.header) + (m.body ? " with body" : "");
  }
  std::string operator()(const core::Prepare& m) const { return "prepare " + text(m.header) + by(m.sender); }
  std::string operator()(const core::Commit& m) const { return "commit " + text(m.header) + by(m.sender); }
  std::string operator()(const core::Checkpoint& m) const {
    return "checkpoint s" + text(m.seq) + " " + describe(m.state) + by(m.sender);
  }
  std::string operator()(const core::CheckpointProof& m) const { return "checkpoint proof s" + text(m.seq); }
  std::string operator()(const core::ViewChangePtr& m) const {
    std::string result =
        "view-change v" + text(m->new_view) + by(m->sender) + " stable s" + text(m->stable.seq);
    for (const auto& certificate : m->prepared) result += " [" + text(certificate.header) + "]";
    return result;
  }
  std::string operator()(const core::NewViewPtr& m) const {
    return "new-view v" + text(m->view) + " from s" + text(m->first) + ", " + to_string(m->headers.size()) +
           " headers";
  }
  std::string operator()(const core::Reply& m) const {
    std::string result = "reply v" + text(m.view);
    for (const auto& item : m.items) {
      result += " #" + text(item.number) + ":" + to_string(static_cast<int>(item.outcome));
    }
    return result;
  }
  std::string operator()(const core::Status& m) const {
    return "status v" + text(m.view) + " pending v" + text(m.pending) + " stable s" + text(m.stable) +
           " executed s" + text(m.executed) + " view-changes " + to_string(m.view_changes) +
           (m.observing ? " observing" : "");
  }
  std::string operator()(const core::FetchBody& m) const {
    return "fetch body s" + text(m.seq) + " " + describe(m.digest);
  }
  std::string operator()(const core::FetchViewChange& m) const {
    return "fetch view-change of r" + text(m.replica) + " " + describe(m.digest);
  }
  std::string operator()(const core::BodyMessage& m) const {
    return "body s" + text(m.seq) + " " + describe(m.body->digest);
  }
  std::string operator()(const core::FetchState& m) const {
    return "fetch " + to_string(m.blocks.size()) + " blocks of s" + text(m.seq);
  }
  std::string operator()(const core::StateBlock& m) const {
    return "block of " + to_string(m.block->size()) + " bytes";
  }
  std::string operator()(const core::Query& m) const {
    return "query #" + text(m.items.front().number) + "+" + to_string(m.items.size()) + " attempt " +
           to_string(m.attempt);
  }
  std::string operator()(const core::QueryReply& m) const {
    std::string result = "query reply v" + text(m.view);
    for (const auto& item : m.items) {
      result += " #" + text(item.number) +
                (std::holds_alternative<core::QueryReply::Declined>(item.result) ? ":declined" : "");
    }
    return result;
  }
  std::string operator()(const core::Complaints& m) const {
    std::string result = "complaints about v" + text(m.view);
    for (const auto& vote : m.votes) result += by(vote.replica) + " at s" + text(vote.stable);
    return result;
  }
  std::string operator()(const core::Introduction& m) const {
    return "introduction v" + text(m.view) + " " + to_string(m.number) + " of " + to_string(m.items.size()) +
           " requests";
  }
  std::string operator()(const core::Vouch& m) const {
    return "vouch v" + text(m.view) + " " + to_string(m.number) + " for " + to_string(m.requests.size()) +
           " requests";
  }
  static std::string by(ReplicaId sender) { return " by r" + text(sender); }
};

struct ReportText {
  std::string operator()(const core::Rejected& r) const {
    return "rejects " + std::string(core::name_of(r.reason)) + " from " + describe(r.from);
  }
  std::string operator()(const core::ViewEntered& r) const { return "enters view " + text(r.view); }
  std::string operator()(const core::ViewChangeStarted& r) const {
    return "leaves for view " + text(r.view) + ": " + r.why;
  }
  std::string operator()(const core::CheckpointStable& r) const {
    return "stable s" + text(r.seq) + " " + describe(r.state);
  }
  std::string operator()(const core::Evidence& r) const {
    return "has evidence against r" + text(r.culprit) + ", statement " +
           to_string(static_cast<int>(r.statement));
  }
  std::string operator()(const core::Diverged& r) const { return "diverged at s" + text(r.seq); }
  std::string operator()(const core::StateNeeded& r) const {
    return "needs state: executed s" + text(r.executed) + ", collects s" + text(r.target);
  }
  std::string operator()(const core::StateTaken& r) const {
    return "has taken the state of s" + text(r.seq) + ": " + to_string(r.blocks) + " blocks, " +
           to_string(r.bytes) + " bytes from others";
  }
  std::string operator()(const core::DonorDropped& r) const { return "gives up donor r" + text(r.donor); }
  std::string operator()(const core::Repaired& r) const {
    std::string result = "is repaired at s" + text(r.seq);
    if (r.difference) result += ", chunk " + to_string(r.difference->chunk) + " differed";
    return result;
  }
  std::string operator()(const core::NoAgreement& r) const { return "no agreement at s" + text(r.seq); }
  std::string operator()(const core::Observing& r) const {
    return "observes, incarnation " + to_string(r.incarnation);
  }
  std::string operator()(const core::RejoinRefused& r) const {
    return "can never rejoin: incarnation " + to_string(r.incarnation) + " before " + to_string(r.later);
  }
  std::string operator()(const core::Rejoined& r) const { return "votes again from s" + text(r.seq); }
  std::string operator()(const core::TooManyObservers& r) const {
    return to_string(r.observers) + " replicas have lost their data";
  }
  std::string operator()(const core::Complaining& r) const {
    return "complains about the primary of v" + text(r.view) + ": late by " + to_string(r.late.count()) +
           " us, allowed " + to_string(r.allowed.count()) + (r.unfair ? ", unfair" : "");
  }
  std::string operator()(const core::StaleCopy& r) const {
    return "runs from an old copy: forgot a statement " + to_string(static_cast<int>(r.statement)) + " of v" +
           text(r.view) + " s" + text(r.seq);
  }
};

}  // namespace

std::string describe(const core::Identity& who) {
  if (const auto* replica = std::get_if<ReplicaId>(&who)) return "r" + text(*replica);
  return "c" + text(std::get<ClientId>(who));
}
std::string describe(const Digest& digest) { return to_hex(BytesView(digest.bytes).first(4)); }
std::string describe(const core::Message& message) { return std::visit(MessageText{}, message); }
std::string describe(const core::Report& report) { return std::visit(ReportText{}, report); }

}  // namespace pbft::sim
