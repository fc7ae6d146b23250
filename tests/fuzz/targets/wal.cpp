// The files of a write-ahead log: marker, segments, records, and what a crash or somebody's hand made of
// them.
#include <memory>
#include <string>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/spoilt_disk.hpp"
#include "fuzz/target.hpp"
#include "storage/virtual_disk.hpp"
#include "storage/wal.hpp"

namespace pbft::fuzz {

namespace {

using storage::Wal;

const std::string directory = "/data";
const storage::WalIdentity owner{Digest{{1, 2, 3}}, ReplicaId{2}};
constexpr std::uint64_t salt = 0x1234567890abcdef;
const storage::WalOptions options{.segment_bytes = 8192, .max_spares = 1};

using Records = std::vector<std::pair<std::uint32_t, Bytes>>;

class Log {
 public:
  explicit Log(Input& input) : input_(input) {
    disk_.set_capacity(4 << 20);
    FUZZ_CHECK(disk_.make_directory(directory) && disk_.sync_directory("/"));
  }

  void prepare() {
    for (int steps = 0; steps < 24 && !input_.empty(); ++steps) step();
    close();
  }

  /// What opens once opens again, with all that was replayed and all that was synced since.
  void check() {
    if (!open()) return;
    const Records replayed = records_;
    append(4);
    const std::uint64_t seed = input_.number();
    close();
    disk_.crash(seed);
    Records expected = replayed;
    expected.insert(expected.end(), added_.begin(), added_.end());
    for (int times = 0; times < 2; ++times) {
      if (!open()) broken("what was open opens no more: " + refusal_, __FILE__, __LINE__);
      FUZZ_CHECK(records_ == expected);
      close();
    }
  }

 private:
  void step() {
    switch (input_.octet() % 8) {
      case 0:
        if (!log_) (void)Wal::create(disk_, directory, owner, salt, input_.octet() % 4, options).has_value();
        if (!log_) open();
        return;
      case 1:
        return append(1 + input_.below(4));
      case 2:
        return compact();
      case 3:
        close();
        return write_marker();
      case 4:
        close();
        return write_segment();
      case 5:
        close();
        return spoil(disk_, directory, input_);
      case 6:
        close();
        return put_file(disk_, directory + "/" + storage::wal::segment_name(1 + input_.below(4)),
                        input_.piece());
      default:
        close();
        return disk_.crash(input_.octet());
    }
  }

  bool open() {
    records_.clear();
    added_.clear();
    const auto replay = [this](std::uint32_t type, BytesView payload) {
      FUZZ_CHECK(reinterpret_cast<std::uintptr_t>(payload.data()) % 8 == 0);
      FUZZ_CHECK(type != 0 && type != storage::wal::end_type);
      records_.emplace_back(type, copy_of(payload));
      return Result<void>();
    };
    auto opened = Wal::open(disk_, directory, owner, replay, options);
    FUZZ_CHECK(opened || !opened.error().message.empty());
    if (opened) {
      log_ = *std::move(opened);
    } else {
      refusal_ = opened.error().message;
    }
    return log_ != nullptr;
  }
  void close() {
    log_.reset();
    disk_.kill_process();
  }

  void append(std::size_t count) {
    if (!log_) return;
    Records records;
    for (; count > 0; --count) {
      records.emplace_back(1 + input_.octet() % 6, Bytes(input_.below(1500), input_.octet()));
      if (!log_->append(records.back().first, records.back().second)) return;
    }
    if (log_->sync()) added_.insert(added_.end(), records.begin(), records.end());
  }
  void compact() {
    if (!log_) return;
    std::size_t left = input_.below(8);
    (void)log_
        ->compact([&](storage::WalRecord& next) {
          if (left == 0) return false;
          next = {7, Bytes(64 * left--, 7)};
          return true;
        })
        .has_value();
  }

  storage::WalIdentity identity() {
    storage::WalIdentity made = owner;
    if (input_.octet() % 16 == 15) made.cluster.bytes[0] = input_.octet();
    if (input_.octet() % 16 == 15) made.replica.value = input_.octet();
    return made;
  }
  void write_marker() {
    storage::wal::Marker marker{identity(), input_.below(4)};
    put_file(disk_, directory + "/" + storage::wal::marker_name, storage::wal::encode_marker(marker));
  }

  /// A segment whose checksums hold, whatever else is wrong with it.
  void write_segment() {
    storage::wal::SegmentHeader header;
    header.identity = identity();
    const std::uint64_t named = 1 + input_.below(4);
    header.segment = input_.octet() % 8 == 7 ? input_.number() : named;
    header.base = input_.flag() ? named : input_.number();
    header.segment_bytes = input_.flag() ? options.segment_bytes : input_.number();
    header.durable_to = input_.flag() ? storage::wal::block_bytes : input_.number();
    header.salt = input_.octet() % 8 == 7 ? input_.number() : salt;
    header.recycled = input_.flag();
    Bytes segment = storage::wal::encode_header(header);
    for (std::size_t records = input_.below(6); records > 0; --records) {
      const bool ends = input_.octet() % 8 == 7;
      const storage::wal::Place place{header.salt, header.segment, segment.size()};
      const std::uint64_t synced_to = input_.flag() ? segment.size() : input_.number();
      const std::uint32_t type = ends ? storage::wal::end_type : 1 + input_.octet();
      const BytesView payload = ends ? BytesView() : input_.piece();
      storage::wal::encode_record(segment, place, synced_to, type, payload);
    }
    if (input_.flag() && segment.size() < options.segment_bytes) segment.resize(options.segment_bytes);
    put_file(disk_, directory + "/" + storage::wal::segment_name(named), segment);
  }

  Input& input_;
  storage::VirtualDisk disk_;
  std::unique_ptr<Wal> log_;
  Records records_, added_;
  std::string refusal_;
};

void fuzz_wal(BytesView bytes) {
  Input input(bytes);
  Log log(input);
  log.prepare();
  log.check();
}

const Target target("wal", fuzz_wal);

}  // namespace

}  // namespace pbft::fuzz
