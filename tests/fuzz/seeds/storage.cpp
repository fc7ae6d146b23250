#include "fuzz/script.hpp"
#include "fuzz/seeds.hpp"
#include "unit/wire/record_samples.hpp"
#include "wire/record_codec.hpp"

namespace pbft::fuzz {

namespace {

// The choices as targets/wal.cpp takes them.
void add_wal(const AddSeed& add) {
  const Script created = Script().octets({0, 0});
  // So many records: of each its type and size and byte.
  const auto append = [](std::size_t records) {
    Script script;
    script.octets({1, static_cast<unsigned>(records - 1)});
    for (std::size_t i = 0; i < records; ++i) script.octet(i).wide(100 * i).octet(i);
    return script;
  };
  add("wal", "created", created);
  add("wal", "appended", Script().raw(created).raw(append(3)));
  add("wal", "rolled",
      Script()
          .raw(created)
          .octets({1, 3, 1})
          .wide(1400)
          .octet(1)
          .octet(2)
          .wide(1400)
          .octet(2)
          .octet(3)
          .wide(1400)
          .octet(3)
          .octet(4)
          .wide(1400)
          .octet(4)
          .raw(append(2)));
  add("wal", "compacted", Script().raw(created).raw(append(3)).octets({2, 5}).raw(append(1)));
  add("wal", "crashed", Script().raw(created).raw(append(3)).octets({7, 9}).octet(0).octet(0).raw(append(2)));
  add("wal", "bit", Script().raw(created).raw(append(3)).octet(5).octets({0, 120, 0, 3}));
  add("wal", "lost", Script().raw(created).raw(append(3)).octet(5).octets({1, 120, 3}));
  add("wal", "cut",
      Script()
          .raw(created)
          .raw(append(3))
          .octet(5)
          .octets({0, 255})
          .raw(Bytes{90, 16, 0, 0, 0, 0, 0, 0})
          .octet(1));
  add("wal", "other-content", Script().raw(created).raw(append(2)).octet(5).octets({0, 0, 4, 1}));
  add("wal", "marker", Script().octets({3, 0, 0, 0}));
  add("wal", "segment",
      Script()
          .octets({3, 0, 0, 0})
          .octets({4, 0, 0, 0, 0, 1, 1, 1, 0, 0, 2})
          .octets({0, 1, 5})
          .piece(view_of("one"))
          .octets({0, 1, 6})
          .piece(view_of("two"))
          .octet(1));
  add("wal", "raw", Script().octets({3, 0, 0, 0}).octets({6, 0}).piece(view_of("pbft-wal and nothing else")));
}

// As targets/checkpoints.cpp takes them: of a state the size of its core's part, of the application's, its
// byte.
void add_checkpoints(const AddSeed& add) {
  const Script snapshot = Script().octets({0, 1, 4, 10, 100, 7});
  add("checkpoints", "snapshot", snapshot);
  add("checkpoints", "two", Script().raw(snapshot).octets({1, 8, 10, 120, 8}).octets({2, 8, 0}));
  add("checkpoints", "crashed", Script().raw(snapshot).octets({7, 3, 0, 1, 6, 1, 1, 1}));
  add("checkpoints", "bit", Script().raw(snapshot).octets({5, 0, 90, 0, 2}));
  add("checkpoints", "lost", Script().raw(snapshot).octets({5, 1, 90, 3}));
  add("checkpoints", "pack",
      Script()
          .octets({3, 0, 0, 0, 10, 100, 7, 0, 0, 0, 1})
          .piece(view_of("\0more"))
          .octets({1, 0})
          .octets({4, 0, 8, 0, 0, 1, 0, 1, 0})
          .octets({0, 1, 1, 1}));
  add("checkpoints", "raw", Script().octets({6, 1, 1}).piece(view_of("pbftpack and nothing else")));
}

// As targets/collection.cpp takes them.
void add_collection(const AddSeed& add) {
  const Script piece = Script().octet(0).piece(view_of("a piece of a state"));
  const Script empty_top = Script().octet(0);
  add("collection", "empty", Script().octet(0).octet(2).raw(empty_top).raw(empty_top));
  add("collection", "pieces",
      Script()
          .octet(2)
          .raw(piece)
          .octet(0)
          .piece(view_of("another"))
          .octet(2)
          .octets({1, 0, 0, 18})
          .octets({1, 0, 1, 7}));
  add("collection", "node",
      Script()
          .octet(3)
          .raw(piece)
          .octet(0)
          .piece(view_of("another"))
          .octet(1)
          .octets({2, 0, 0, 0, 0, 0, 18, 0, 1, 7})
          .octet(2)
          .raw(empty_top)
          .octets({5, 0, 2, 25}));
  add("collection", "raw", Script().octet(0).octet(3).piece(Bytes{255, 1, 0, 0, 0, 255, 255}));
}

// As targets/inspect.cpp and targets/restore.cpp take them.
void add_pasts(const AddSeed& add) {
  const auto some = test::some_records();
  Script log;
  log.octets({0, 3});
  for (std::size_t i = 0; i < 3; ++i) log.octet(some[i].index()).piece(wire::encode_record(some[i]));
  add("inspect", "log", Script().raw(log).octets({1, 1, 0, 0, 0}));
  add("inspect", "checkpoint",
      Script()
          .octets({0, 0, 0, 0, 1})
          .piece(view_of("core"))
          .piece(view_of("application"))
          .piece({})
          .octet(0));
  add("inspect", "raw", Script().octets({0, 0, 0, 0, 0, 1, 1}).piece(view_of("pbft-wal")));

  for (unsigned kind = 0; kind < 6; ++kind) {
    add("restore", "kind-" + std::to_string(kind),
        Script().octets({0, 2, 4, kind, 0, 1, 0, 3, 2, 0, 0, 1, 0, 2}));
  }
  add("restore", "all",
      Script()
          .octets({0, 6, 4, 3, 0, 2, 7, 0, 1, 0, 0, 0, 3, 0, 0, 1, 0, 0, 0, 4, 0, 0})
          .octets({2, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 2, 1, 2, 5, 0, 0, 1, 1, 0, 0, 2, 9, 0}));
}

}  // namespace

void add_storage_seeds(const AddSeed& add) {
  add_wal(add);
  add_checkpoints(add);
  add_collection(add);
  add_pasts(add);
}

}  // namespace pbft::fuzz
