#include <doctest/doctest.h>

#include "storage/snapshot_store.hpp"

using namespace pbft;

TEST_CASE("snapshot store: gives back what was put, and nothing for another sequence number") {
  storage::SnapshotStore store;
  store.put(SeqNum{128}, {to_bytes("table"), to_bytes("state")});
  const storage::SnapshotPtr snapshot = store.get(SeqNum{128});
  REQUIRE(snapshot != nullptr);
  CHECK(snapshot->core_state == to_bytes("table"));
  CHECK(snapshot->application == to_bytes("state"));
  CHECK(store.get(SeqNum{127}) == nullptr);
}

TEST_CASE("snapshot store: discards below, keeps at; who holds a snapshot keeps it") {
  storage::SnapshotStore store;
  for (std::uint64_t seq : {128, 256, 384}) store.put(SeqNum{seq}, {});
  const storage::SnapshotPtr held = store.get(SeqNum{128});
  store.discard_below(SeqNum{256});
  CHECK(store.size() == 2);
  CHECK(store.get(SeqNum{128}) == nullptr);
  CHECK(store.get(SeqNum{256}) != nullptr);
  CHECK(held != nullptr);
}
