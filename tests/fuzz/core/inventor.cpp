#include "fuzz/core/inventor.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/certificates.hpp"
#include "core/images.hpp"

namespace pbft::fuzz {

using core::Statement;

// ---- Choices ----------------------------------------------------------------------------------------------

View Inventor::view() {
  switch (input_.octet() % 8) {
    case 0:
    case 1:
      return state_.view;
    case 2:
      return state_.pending;
    case 3:
      return state_.pending.next();
    case 4:
      return View{state_.view.value + input_.below(8)};
    case 5:
      return View{state_.view.value - std::min<std::uint64_t>(state_.view.value, 1 + input_.below(4))};
    case 6:
      return view_led_by(*any_of(faulty_));
    default:
      return View{input_.number()};
  }
}

View Inventor::view_led_by(ReplicaId primary) {
  View led = input_.flag() ? state_.pending.next() : state_.view;
  while (cluster_.quorums().primary(led) != primary) led = led.next();
  return led;
}

SeqNum Inventor::seq() {
  const std::uint64_t interval = 2;  // of checkpoints, as play.cpp has it
  switch (input_.octet() % 8) {
    case 0:
    case 1:
      return state_.executed.next();
    case 2:
      return SeqNum{state_.executed.value + input_.below(8)};
    case 3:
      return SeqNum{state_.stable.value + input_.below(8)};
    case 4:
      return SeqNum{(state_.stable.value / interval + input_.below(4)) * interval};
    case 5:
      return SeqNum{state_.executed.value - std::min<std::uint64_t>(state_.executed.value, input_.below(4))};
    case 6:
      return state_.stable;
    default:
      return SeqNum{input_.number()};
  }
}

Digest Inventor::digest() {
  switch (input_.octet() % 4) {
    case 0:
    case 1:
      if (const auto* known = any_of(heard_.headers)) return known->digest;
      return body()->digest;
    case 2:
      return body()->digest;
    default:
      return Digest{{input_.octet()}};
  }
}

core::BodyPtr Inventor::body() {
  if (input_.flag()) {
    if (const auto* known = any_of(heard_.bodies)) return *known;
  }
  return new_body();
}

core::BatchHeader Inventor::header() {
  if (input_.octet() % 4 != 0) {
    if (const auto* known = any_of(heard_.headers)) return *known;
  }
  return {view(), seq(), digest()};
}

core::Signature Inventor::signature(Statement statement, ReplicaId signer, const Bytes& image) {
  if (input_.octet() % 16 == 15) return core::Signature{{input_.octet()}};
  return heard_.signature(statement, signer, image);
}

std::uint64_t Inventor::replicas_mask() { return input_.octet() & ((1U << cluster_.quorums().n()) - 1); }

// ---- Clients ----------------------------------------------------------------------------------------------

core::RequestPtr Inventor::request() {
  core::RequestDraft draft;
  draft.client = cluster_.rogue();
  draft.kind = input_.octet() % 4 == 0 ? core::RequestKind::open : core::RequestKind::operations;
  draft.first = RequestNumber{std::max<std::uint64_t>(1, input_.number())};
  draft.lowest_unanswered = input_.flag() ? draft.first : RequestNumber{input_.number()};
  if (draft.kind == core::RequestKind::operations) {
    for (std::size_t items = 1 + input_.below(3); items > 0; --items) {
      draft.items.push_back({to_bytes("x" + std::to_string(input_.octet())), input_.octet() % 4 == 0});
    }
  }
  core::RequestPtr made = cluster_.forge().request(draft);
  // Numbers that wrap are no request.
  if (!made) made = cluster_.forge().request(draft.client, 1, {"x"});
  if (made->kind == core::RequestKind::operations && input_.octet() % 4 == 0) made = with_tags(*made);
  heard_.learn(made);
  return made;
}

/// The same operations, shown to each replica by a tag of its own that holds or does not.
core::RequestPtr Inventor::with_tags(const core::Request& request) {
  std::set<ReplicaId> right;
  const std::uint64_t mask = replicas_mask();
  for (std::uint32_t id = 0; id < cluster_.quorums().n(); ++id) {
    if ((mask >> id & 1) != 0) right.insert(ReplicaId{id});
  }
  std::vector<std::string> bodies;
  for (const core::Request::Item& item : request.items) bodies.push_back(to_text(item.body));
  return cluster_.forge().tagged(request.client, request.first.value, bodies, right);
}

core::BodyPtr Inventor::new_body() {
  core::BodyPtr made;
  if (input_.octet() % 4 == 0) {
    made = cluster_.forge().null_body();
  } else {
    std::vector<core::RequestPtr> requests;
    for (std::size_t count = input_.below(4); count > 0; --count) {
      const auto* known = input_.octet() % 4 == 0 ? nullptr : any_of(heard_.requests);
      const core::RequestPtr next = known ? *known : request();
      requests.push_back(next);
    }
    const std::uint64_t wall = cluster_.wall().unix_us;
    const std::uint64_t time = input_.octet() % 8 == 7 ? input_.number() : wall + input_.below(4);
    made = cluster_.forge().body(Timestamp{time}, std::move(requests));
  }
  heard_.learn(made);
  return made;
}

// ---- Ordering ---------------------------------------------------------------------------------------------

core::PrePrepare Inventor::pre_prepare(ReplicaId by) {
  const core::BodyPtr proposed = body();
  core::BatchHeader at{input_.octet() % 4 == 0 ? view() : view_led_by(by), seq(), proposed->digest};
  if (input_.octet() % 16 == 15) at = header();
  const bool alone = input_.octet() % 8 == 7;
  return {at, signature(Statement::pre_prepare, cluster_.quorums().primary(at.view), core::image_of(at)),
          alone ? nullptr : proposed};
}

core::Vote Inventor::vote(Statement statement, ReplicaId by) {
  const core::BatchHeader at = header();
  core::Vote made;
  made.header = at;
  made.sender = input_.octet() % 8 == 7 ? ReplicaId{input_.octet()} : by;
  made.signature = signature(statement, made.sender, core::image_of(at));
  return made;
}

core::Checkpoint Inventor::checkpoint(ReplicaId by) {
  const auto* known = input_.flag() ? any_of(heard_.states) : nullptr;
  const auto [at, state] = known ? *known : std::pair{seq(), digest()};
  return {at, state, by, signature(Statement::checkpoint, by, core::checkpoint_image(at, state))};
}

core::CheckpointProof Inventor::proof() {
  const auto* known = input_.octet() % 4 != 0 ? any_of(heard_.states) : nullptr;
  if (!known && input_.flag()) return {SeqNum{0}, heard_.genesis, {}};
  const auto [at, state] = known ? *known : std::pair{seq(), digest()};
  core::CheckpointProof made{at, state, {}};
  const bool all = input_.octet() % 4 == 3;
  for (std::uint32_t id = 0; id < cluster_.quorums().n(); ++id) {
    const Bytes image = core::checkpoint_image(at, state);
    const bool holds = heard_.has_signature(Statement::checkpoint, ReplicaId{id}, image);
    if (!all && (!holds || made.votes.size() == cluster_.quorums().quorum())) continue;
    made.votes.push_back({ReplicaId{id}, signature(Statement::checkpoint, ReplicaId{id}, image)});
  }
  return made;
}

// ---- Views ------------------------------------------------------------------------------------------------

core::PreparedCertificate Inventor::certificate(SeqNum above) {
  core::BatchHeader at = header();
  if (at.seq <= above) at.seq = SeqNum{above.value + (above.value == UINT64_MAX ? 0 : 1)};
  const Bytes image = core::image_of(at);
  const ReplicaId primary = cluster_.quorums().primary(at.view);
  core::PreparedCertificate made{at, signature(Statement::pre_prepare, primary, image), {}};
  const bool all = input_.octet() % 4 == 3;
  for (std::uint32_t id = 0; id < cluster_.quorums().n(); ++id) {
    if (ReplicaId{id} == primary) continue;
    const bool holds = heard_.has_signature(Statement::prepare, ReplicaId{id}, image);
    if (!all && (!holds || made.prepares.size() + 1 == cluster_.quorums().quorum())) continue;
    made.prepares.push_back({ReplicaId{id}, signature(Statement::prepare, ReplicaId{id}, image)});
  }
  if (made.prepares.size() == cluster_.quorums().n()) made.prepares.pop_back();
  return made;
}

core::ViewChangePtr Inventor::view_change(ReplicaId by) {
  auto made = std::make_shared<core::ViewChange>();
  made->new_view = view();
  made->sender = by;
  if (input_.octet() % 8 == 7) made->incarnation = input_.number();
  made->stable = proof();
  SeqNum above = made->stable.seq;
  for (std::size_t count = input_.below(4); count > 0 && above.value < UINT64_MAX - 8; --count) {
    made->prepared.push_back(certificate(above));
    above = made->prepared.back().header.seq;
  }
  made->signature = signature(Statement::view_change, by, core::image_of(*made));
  made->digest = core::view_change_digest(heard_.hasher(), *made);
  if (made->signature != core::Signature{}) heard_.view_changes.push_back(made);
  return made;
}

/// What others said for this view, or what they might have.
void Inventor::choose_sources(core::NewView& entered, std::vector<core::ViewChangePtr>& sources) {
  std::map<ReplicaId, core::ViewChangePtr> chosen;
  for (const core::ViewChangePtr& each : heard_.view_changes) {
    if (each->new_view == entered.view && input_.octet() % 8 != 7) chosen[each->sender] = each;
  }
  for (const auto& [sender, change] : chosen) {
    if (sources.size() == cluster_.quorums().quorum() && input_.octet() % 8 != 7) break;
    sources.push_back(change);
    entered.sources.push_back({sender, change->digest});
  }
}

core::NewViewPtr Inventor::new_view(ReplicaId by) {
  auto made = std::make_shared<core::NewView>();
  made->view = input_.octet() % 8 == 7 ? view() : view_led_by(by);
  std::vector<core::ViewChangePtr> sources;
  choose_sources(*made, sources);
  const core::Choice choice = core::choose_pre_prepares(sources, cluster_.forge().null_body()->digest);
  made->first = input_.octet() % 8 == 7 ? seq() : choice.stable.next();
  std::vector<Digest> digests = choice.digests;
  if (digests.size() > 8) digests.resize(8);
  if (input_.octet() % 4 == 3) digests.push_back(digest());
  if (input_.octet() % 8 == 7 && !digests.empty()) digests[input_.below(digests.size())] = digest();
  if (made->first.value > UINT64_MAX - digests.size()) made->first = SeqNum{1};
  SeqNum at = made->first;
  for (const Digest& each : digests) {
    const Bytes image = core::image_of(core::BatchHeader{made->view, at, each});
    made->headers.push_back(
        {each, signature(Statement::pre_prepare, cluster_.quorums().primary(made->view), image)});
    at = at.next();
  }
  made->signature =
      signature(Statement::new_view, cluster_.quorums().primary(made->view), core::image_of(*made));
  return made;
}

// ---- The rest ---------------------------------------------------------------------------------------------

core::Status Inventor::status() {
  core::Status made;
  made.view = view();
  made.pending = view();
  made.answer_wanted = input_.flag();
  made.observing = input_.octet() % 8 == 7;
  made.stable = seq();
  made.executed = seq();
  made.view_changes = replicas_mask();
  SeqNum at = made.executed;
  for (std::size_t slots = input_.below(4); slots > 0 && at.value < UINT64_MAX; --slots) {
    at = at.next();
    const std::uint8_t flags = input_.octet();
    made.slots.push_back(
        {at, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, replicas_mask(), replicas_mask()});
  }
  if (input_.flag()) made.checkpoints.push_back({seq(), replicas_mask()});
  return made;
}

core::Complaints Inventor::complaints(ReplicaId by) {
  core::Complaints made{view(), {}};
  const bool all = input_.octet() % 4 == 3;
  for (std::uint32_t id = 0; id < cluster_.quorums().n(); ++id) {
    const SeqNum stable = input_.octet() % 4 == 3 ? seq() : state_.stable;
    const Bytes image = core::complaint_image(made.view, stable);
    if (!all && ReplicaId{id} != by && !heard_.has_signature(Statement::complaint, ReplicaId{id}, image))
      continue;
    made.votes.push_back({ReplicaId{id}, stable, signature(Statement::complaint, ReplicaId{id}, image)});
  }
  return made;
}

core::Introduction Inventor::introduction() {
  core::Introduction made{view(), input_.number(), {}};
  for (std::size_t count = 1 + input_.below(3); count > 0; --count) {
    const auto* known = input_.octet() % 4 == 0 ? nullptr : any_of(heard_.requests);
    const core::RequestPtr shown = known ? *known : request();
    core::Tag tag{{input_.octet()}};
    if (shown->proof == core::Proof::tags) tag = shown->tags[input_.below(shown->tags.size())];
    made.items.push_back({shown, tag});
  }
  return made;
}

core::Vouch Inventor::vouch() {
  core::Vouch made{view(), input_.number(), {}};
  for (std::size_t count = input_.below(4); count > 0; --count) {
    const auto* known = any_of(heard_.requests);
    made.requests.push_back(known ? (*known)->digest : digest());
  }
  return made;
}

core::Reply Inventor::reply() {
  core::Reply made{Epoch{}, view(), ClientId{1 + input_.below(2)}, {}};
  for (std::size_t count = 1 + input_.below(3); count > 0; --count) {
    core::ReplyItem item;
    item.number = RequestNumber{input_.number()};
    item.operation = digest();
    item.outcome = static_cast<core::Outcome>(input_.below(8));
    if (const auto* known = any_of(heard_.requests); known && input_.flag()) {
      made.client = (*known)->client;
      item.number = (*known)->first;
      if (!(*known)->items.empty()) {
        const auto& of = (*known)->items.front();
        item.operation =
            core::operation_digest(heard_.hasher(), made.client, item.number, of.read_only, of.body);
      } else {
        item.operation = core::open_digest(heard_.hasher(), made.client, item.number);
      }
    }
    if (input_.flag()) {
      item.result = to_bytes("lie");
    } else {
      item.result = digest();
    }
    made.items.push_back(std::move(item));
  }
  return made;
}

core::QueryReply Inventor::query_reply() {
  core::QueryReply made{Epoch{}, view(), RequestNumber{cluster_.wall().unix_us}, {}};
  if (const auto* known = any_of(heard_.queries)) made.incarnation = (*known)->incarnation;
  std::uint64_t number = 0;
  for (std::size_t count = 1 + input_.below(3); count > 0; --count) {
    core::QueryReply::Item item{core::QueryNumber{number += 1 + input_.below(3)},
                                core::QueryReply::Declined{}};
    if (input_.flag()) item.result = to_bytes("@" + std::to_string(input_.octet()));
    made.items.push_back(std::move(item));
  }
  return made;
}

core::Message Inventor::state_message() {
  if (input_.flag()) {
    core::FetchState made{seq(), {}};
    for (std::size_t count = 1 + input_.below(3); count > 0; --count) {
      const auto* known = any_of(heard_.blocks);
      const auto* state = any_of(heard_.states);
      made.blocks.push_back(known ? *known : state ? state->second : digest());
    }
    return made;
  }
  const BytesView bytes = input_.take(1 + input_.below(64));
  return core::StateBlock{std::make_shared<const Bytes>(bytes.empty() ? Bytes{0} : copy_of(bytes))};
}

core::Message Inventor::message(ReplicaId by) {
  switch (input_.octet() % 20) {
    case 0:
    case 1:
      return pre_prepare(by);
    case 2:
      return core::Prepare{vote(Statement::prepare, by)};
    case 3:
      return core::Commit{vote(Statement::commit, by)};
    case 4:
      return checkpoint(by);
    case 5:
      return proof();
    case 6:
    case 7:
      return view_change(by);
    case 8:
    case 9:
      return new_view(by);
    case 10:
      return status();
    case 11:
      return core::FetchBody{seq(), digest()};
    case 12: {
      const auto* known = any_of(heard_.view_changes);
      return core::FetchViewChange{ReplicaId{input_.octet()}, known ? (*known)->digest : digest()};
    }
    case 13:
      return core::BodyMessage{seq(), body()};
    case 14:
      return state_message();
    case 15:
      return complaints(by);
    case 16:
      return introduction();
    case 17:
      return vouch();
    case 18: {
      const auto* known = any_of(heard_.requests);
      return core::RequestMessage{known && input_.flag() ? *known : request(), input_.octet()};
    }
    default:
      if (input_.flag()) return reply();
      return query_reply();
  }
}

}  // namespace pbft::fuzz
