#include "unit/wire/record_samples.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/images.hpp"

namespace pbft::test {

using namespace core;

PreparedRecord some_prepared(BodyPtr body, std::initializer_list<std::uint32_t> backups) {
  PreparedRecord record;
  record.certificate = {{View{4}, SeqNum{130}, body->digest}, some_signature(9), some_signers(backups)};
  record.body = std::move(body);
  return record;
}

PreparedRecord some_prepared() {
  return some_prepared(some_body({some_request(ClientId{1}, RequestNumber{1}, {"abc", "de"}),
                                  some_request(ClientId{2}, RequestNumber{7}, {"f"})}));
}

ViewChangePtr complete_view_change(std::uint32_t sender) {
  auto message = std::make_shared<ViewChange>(some_view_change());
  message->sender = ReplicaId{sender};
  message->digest = view_change_digest(ToyCrypto(), *message);
  return message;
}

NewViewRecord some_new_view_record() {
  NewViewRecord record;
  auto new_view = std::make_shared<NewView>(some_new_view());
  new_view->sources.clear();
  for (const std::uint32_t r : {0U, 1U, 3U}) {
    record.sources.push_back(complete_view_change(r));
    new_view->sources.push_back({ReplicaId{r}, record.sources.back()->digest});
  }
  record.new_view = std::move(new_view);
  return record;
}

CheckpointProof some_proof() { return {SeqNum{128}, some_digest(1), some_signers({0, 1, 3})}; }

std::vector<Record> some_records() {
  return {some_prepared(),        some_prepared(some_body({}, {}), {0, 1, 2}),
          complete_view_change(), some_new_view_record(),
          some_proof(),           CheckpointProof{SeqNum{0}, some_digest(1), {}},
          StartRecord{},          Restraint{SeqNum{0x0102030405060708}, false, true}};
}

namespace {

struct SameRecord {
  const Record& other;
  bool operator()(const PreparedRecord& a) const {
    const auto& b = std::get<PreparedRecord>(other);
    // The certificate as part of a ViewChange, so that its comparison is the one of messages.
    const auto carrier = [](const PreparedCertificate& certificate) {
      auto message = std::make_shared<ViewChange>();
      message->prepared = {certificate};
      return ViewChangePtr(std::move(message));
    };
    return same(carrier(a.certificate), carrier(b.certificate)) &&
           same(BodyMessage{{}, a.body}, BodyMessage{{}, b.body});
  }
  bool operator()(const NewViewRecord& a) const {
    const auto& b = std::get<NewViewRecord>(other);
    return same(a.new_view, b.new_view) &&
           std::equal(a.sources.begin(), a.sources.end(), b.sources.begin(), b.sources.end(),
                      [](const ViewChangePtr& x, const ViewChangePtr& y) { return same(x, y); });
  }
  bool operator()(const ViewChangePtr& a) const { return same(a, std::get<ViewChangePtr>(other)); }
  bool operator()(const CheckpointProof& a) const { return same(a, std::get<CheckpointProof>(other)); }
  bool operator()(const StartRecord&) const { return true; }
  bool operator()(const Restraint& a) const {
    const auto& b = std::get<Restraint>(other);
    return a.checkpoint_floor == b.checkpoint_floor && a.diverged == b.diverged &&
           a.stale_copy == b.stale_copy;
  }
};

}  // namespace

bool same_record(const Record& a, const Record& b) {
  return a.index() == b.index() && std::visit(SameRecord{b}, a);
}

}  // namespace pbft::test
