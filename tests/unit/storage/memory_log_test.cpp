#include <doctest/doctest.h>

#include "storage/memory_log.hpp"

namespace {
using namespace pbft;

core::PreparedRecord prepared(std::uint64_t view, std::uint64_t seq) {
  core::PreparedRecord record;
  record.certificate.header = {View{view}, SeqNum{seq}, Digest{}};
  record.body = std::make_shared<const core::Body>();
  return record;
}

core::CheckpointProof stable(std::uint64_t seq) { return {SeqNum{seq}, Digest{}, {}}; }

core::ViewChangePtr view_change(std::uint64_t view) {
  auto message = std::make_shared<core::ViewChange>();
  message->new_view = View{view};
  return message;
}

core::NewViewRecord new_view(std::uint64_t view) {
  auto message = std::make_shared<core::NewView>();
  message->view = View{view};
  return {std::move(message), {view_change(view)}};
}

struct Fixture {
  std::vector<std::uint64_t> durable;
  storage::MemoryLog log{[this](std::uint64_t token) { durable.push_back(token); }};
  std::uint64_t next = 1;

  void append(core::Record record) { log.append(next++, std::move(record)); }
  std::vector<std::uint64_t> prepared_seqs() const {
    std::vector<std::uint64_t> seqs;
    for (const core::Record& record : log.records()) {
      if (const auto* one = std::get_if<core::PreparedRecord>(&record)) {
        seqs.push_back(one->certificate.header.seq.value);
      }
    }
    return seqs;
  }
};
}  // namespace

TEST_CASE_FIXTURE(Fixture, "memory log: every append is reported durable, in order") {
  append(prepared(0, 1));
  append(view_change(1));
  append(prepared(0, 2));
  CHECK(durable == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE_FIXTURE(Fixture,
                  "memory log: a stable checkpoint drops the batches at and below it, also late ones") {
  for (std::uint64_t seq = 1; seq <= 5; ++seq) append(prepared(0, seq));
  append(stable(3));
  CHECK(prepared_seqs() == std::vector<std::uint64_t>{4, 5});
  append(prepared(0, 2));
  CHECK(prepared_seqs() == std::vector<std::uint64_t>{4, 5});
}

TEST_CASE_FIXTURE(Fixture, "memory log: of a sequence number the certificate of the highest view stays") {
  append(prepared(1, 7));
  append(prepared(4, 7));
  append(prepared(2, 7));
  REQUIRE(log.records().size() == 1);
  CHECK(std::get<core::PreparedRecord>(log.records().front()).certificate.header.view == View{4});
}

TEST_CASE_FIXTURE(Fixture, "memory log: of checkpoints, view changes and new views the last stays") {
  append(stable(128));
  append(view_change(1));
  append(new_view(1));
  append(view_change(2));
  append(new_view(3));
  append(new_view(2));
  append(stable(256));
  append(stable(128));
  const std::vector<core::Record> records = log.records();
  REQUIRE(records.size() == 3);
  CHECK(std::get<core::CheckpointProof>(records[0]).seq == SeqNum{256});
  const auto& entered = std::get<core::NewViewRecord>(records[1]);
  CHECK(entered.new_view->view == View{3});
  REQUIRE(entered.sources.size() == 1);
  CHECK(entered.sources[0]->new_view == View{3});
  CHECK(std::get<core::ViewChangePtr>(records[2])->new_view == View{2});
}

TEST_CASE_FIXTURE(Fixture, "memory log: the start stays, once, and of restraints the last") {
  append(core::Restraint{SeqNum{128}, true, false});
  append(core::StartRecord{});
  append(core::Restraint{SeqNum{128}, false, false});
  append(core::StartRecord{});
  const std::vector<core::Record> records = log.records();
  REQUIRE(records.size() == 2);
  CHECK(std::holds_alternative<core::StartRecord>(records[0]));
  CHECK_FALSE(std::get<core::Restraint>(records[1]).diverged);
}

TEST_CASE_FIXTURE(Fixture,
                  "memory log: start, restraint, checkpoint, new view, view change, batches: in this order") {
  append(prepared(0, 300));
  append(view_change(2));
  append(prepared(0, 299));
  append(new_view(1));
  append(stable(256));
  append(core::Restraint{SeqNum{128}, false, false});
  append(core::StartRecord{});
  std::vector<std::size_t> kinds;
  for (const core::Record& record : log.records()) kinds.push_back(record.index());
  const core::Record order[] = {core::StartRecord{},   core::Restraint{},     core::CheckpointProof{},
                                core::NewViewRecord{}, core::ViewChangePtr{}, core::PreparedRecord{},
                                core::PreparedRecord{}};
  std::vector<std::size_t> expected;
  for (const core::Record& record : order) expected.push_back(record.index());
  CHECK(kinds == expected);
  CHECK(prepared_seqs() == std::vector<std::uint64_t>{299, 300});
}
