// Reads a data directory as a start would, and changes nothing.
#include <algorithm>
#include <utility>

#include "core/quorum.hpp"
#include "core/state_tree.hpp"
#include "crypto/sodium.hpp"
#include "pbft/data_directory.hpp"
#include "runtime/data.hpp"
#include "storage/live_records.hpp"
#include "storage/overlay_disk.hpp"
#include "storage/posix_disk.hpp"
#include "storage/wal.hpp"
#include "wire/record_codec.hpp"

namespace pbft {

namespace {

using Report = DataDirectoryReport;

/// Hashes; nobody's keys are known here.
class KeylessCrypto : public core::Crypto {
 public:
  Digest hash(std::string_view domain, BytesView bytes) const override { return crypto::hash(domain, bytes); }
  core::Signature sign(core::Statement, BytesView) const override { return {}; }
  bool verify(core::Statement, const core::Identity&, BytesView, const core::Signature&) const override {
    return false;
  }
};

/// Those of any cluster that may be: the cluster's own are not known here.
wire::DecodeLimits widest_limits() {
  constexpr std::size_t any = std::size_t{1} << 30;
  wire::DecodeLimits limits;
  limits.replicas = core::max_replicas;
  AgreedLimits& agreed = limits.agreed;
  agreed.checkpoint_interval = std::uint64_t{1} << 32;
  agreed.client_window = UINT32_MAX;
  agreed.max_operation_bytes = agreed.max_result_bytes = agreed.max_request_bytes = any;
  agreed.max_batch_bytes = agreed.client_cache_bytes = any;
  agreed.max_request_operations = agreed.max_batch_requests = UINT32_MAX;
  return limits;
}

/// What a record says, for a person.
struct Describer {
  Report::Record& to;

  void operator()(const core::PreparedRecord& record) const {
    const core::BatchHeader& header = record.certificate.header;
    to.kind = "prepared batch";
    to.view = header.view;
    to.seq = header.seq;
    to.digest = header.digest;
  }
  void operator()(const core::ViewChangePtr& record) const {
    to.kind = "view change";
    to.view = record->new_view;
    to.seq = record->stable.seq;
    to.digest = record->digest;
  }
  void operator()(const core::NewViewRecord& record) const {
    to.kind = "new view";
    to.view = record.new_view->view;
    to.seq = record.new_view->first;
  }
  void operator()(const core::CheckpointProof& record) const {
    to.kind = "stable checkpoint";
    to.seq = record.seq;
    to.digest = record.state;
  }
  void operator()(const core::StartRecord&) const { to.kind = "first start"; }
  void operator()(const core::Restraint& record) const {
    to.kind = record.stale_copy ? "restraint, the directory is an old copy"
              : record.diverged ? "restraint, the state is not the agreed one"
                                : "restraint";
    to.seq = record.checkpoint_floor;
  }
};

class Inspector {
 public:
  explicit Inspector(std::string directory) : disk_(below_), directory_(std::move(directory)) {}
  Result<Report> run();

 private:
  Result<void> read_marker();
  Result<void> check_lock();
  void check_log();
  Result<void> list_log();
  Result<void> list_segment(const std::string& name);
  std::optional<core::Record> decode(BytesView payload) const;
  void check_checkpoints();
  Result<void> check_tree(storage::CheckpointStore& store, Report::Checkpoint& checkpoint);
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }

  storage::PosixDisk below_;
  storage::OverlayDisk disk_;
  const std::string directory_;
  const KeylessCrypto crypto_;
  const wire::DecodeLimits limits_ = widest_limits();
  storage::WalIdentity identity_;
  Report report_;
};

Result<Report> Inspector::run() {
  if (auto marked = read_marker(); !marked) return marked.error();
  if (auto unused = check_lock(); !unused) return unused.error();
  check_log();
  if (auto listed = list_log(); !listed) return listed.error();
  check_checkpoints();
  return std::move(report_);
}

Result<void> Inspector::read_marker() {
  const std::string path = path_of(storage::wal::marker_name);
  const auto there = below_.exists(path);
  if (!there) return there.error();
  if (!*there) {
    return Error{ErrorCode::io, directory_ + ": no data directory of a replica: there is no file " +
                                    storage::wal::marker_name + " in it"};
  }
  auto file = below_.open(path);
  if (!file) return file.error();
  const auto block = (*file)->read(0, storage::wal::block_bytes);
  if (!block) return block.error();
  const auto marker = storage::wal::decode_marker(*block);
  if (const auto* found = std::get_if<storage::wal::Marker>(&marker)) {
    identity_ = found->identity;
    report_.replica = identity_.replica;
    report_.cluster = identity_.cluster;
    report_.incarnation = found->incarnation;
    return {};
  }
  const bool is_damaged = std::get<storage::wal::Unreadable>(marker) == storage::wal::Unreadable::damaged;
  return Error{ErrorCode::io,
               path + (is_damaged ? ": damaged at offset 0: it does not match its checksum"
                                  : ": written by another version of pbft: use that one's inspect")};
}

Result<void> Inspector::check_lock() {
  const auto lock = disk_.lock(path_of(storage::wal::lock_name));
  if (lock) return {};
  return Error{lock.error().code,
               lock.error().message + "; stop the replica, or inspect a copy of the directory"};
}

/// As a start would; what it repairs stays in the overlay.
void Inspector::check_log() {
  storage::LiveRecords needed;
  const auto replay = [&](std::uint32_t type, BytesView payload) -> Result<void> {
    auto record = decode(payload);
    if (!record || record->index() + 1 != type) {  // as DurableLog writes them
      return Error{ErrorCode::io, "its content is no record of type " + std::to_string(type)};
    }
    needed.keep(*std::move(record));
    return {};
  };
  const auto opened = storage::Wal::open(disk_, directory_, identity_, replay);
  if (!opened) {
    report_.damage.push_back(opened.error().message);
    return;
  }
  report_.torn_bytes = (*opened)->cut_bytes();
  report_.needed_records = needed.all().size();
}

/// What is written, whether a start would take it or not.
Result<void> Inspector::list_log() {
  const auto names = below_.list(directory_);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!storage::wal::parse_segment_name(name)) continue;
    if (auto listed = list_segment(name); !listed) return listed;
  }
  return {};
}

Result<void> Inspector::list_segment(const std::string& name) {
  auto file = below_.open(path_of(name));
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  const auto bytes = (*file)->read(0, static_cast<std::size_t>(*size));
  if (!bytes) return bytes.error();
  Report::Segment segment{name, bytes->size(), 0};
  const auto head = BytesView(*bytes).first(std::min<std::size_t>(bytes->size(), storage::wal::block_bytes));
  const auto block = storage::wal::decode_header(head);
  if (const auto* header = std::get_if<storage::wal::SegmentHeader>(&block)) {
    storage::wal::Place at{header->salt, header->segment, storage::wal::block_bytes};
    while (const auto found = storage::wal::decode_record_header(*bytes, at)) {
      const auto payload = storage::wal::record_payload(*bytes, at.offset, *found);
      if (!payload || found->type == storage::wal::end_type) break;
      Report::Record record;
      record.kind = "unknown";
      record.file = name;
      record.offset = at.offset;
      record.bytes = found->length;
      if (const auto decoded = decode(*payload)) std::visit(Describer{record}, *decoded);
      report_.records.push_back(std::move(record));
      ++segment.records;
      at.offset += storage::wal::record_bytes(found->length);
    }
  }
  report_.segments.push_back(std::move(segment));
  return {};
}

std::optional<core::Record> Inspector::decode(BytesView payload) const {
  auto decoded = wire::decode_record(payload, limits_, crypto_);
  if (auto* record = std::get_if<core::Record>(&decoded)) return std::move(*record);
  return std::nullopt;
}

void Inspector::check_checkpoints() {
  auto store = storage::CheckpointStore::open(disk_, runtime::checkpoints_in(directory_), identity_, crypto_);
  if (!store) {
    report_.damage.push_back(store.error().message);
    return;
  }
  for (const storage::StoredCheckpoint& stored : (*store)->checkpoints()) {
    Report::Checkpoint checkpoint;
    checkpoint.seq = stored.seq;
    checkpoint.state = stored.state;
    if (auto whole = check_tree(**store, checkpoint); !whole) report_.damage.push_back(whole.error().message);
    report_.checkpoints.push_back(std::move(checkpoint));
  }
  std::reverse(report_.checkpoints.begin(), report_.checkpoints.end());
}

/// Reads every block, each of which is checked against its name.
Result<void> Inspector::check_tree(storage::CheckpointStore& store, Report::Checkpoint& checkpoint) {
  struct Node {
    Digest block;
    std::optional<std::uint8_t> level;  ///< Nothing: the root.
  };
  std::vector<Node> open = {{checkpoint.state, std::nullopt}};
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    auto block = store.read_block(node.block);
    if (!block) return block.error();
    const auto broken = [&](const char* what) {
      return Error{ErrorCode::io, runtime::checkpoints_in(directory_) + ": checkpoint " +
                                      std::to_string(checkpoint.seq.value) + ": block " +
                                      to_hex(node.block.bytes) + " " + what};
    };
    if (!*block) return broken("is missing");
    ++checkpoint.blocks;
    checkpoint.bytes += (*block)->size();
    if (!node.level) {
      const auto root = core::parse_root(**block);
      if (!root) return broken("is no root");
      checkpoint.application_bytes = root->application.bytes;
      for (const core::StreamTop& top : {root->core, root->application}) {
        if (top.level) open.push_back({top.block, top.level});
      }
    } else if (*node.level > 0) {
      const auto children = core::parse_node(**block, *node.level);
      if (!children) return broken("is no node");
      for (const core::Child& child : *children) {
        open.push_back({child.block, static_cast<std::uint8_t>(*node.level - 1)});
      }
    }
  }
  return {};
}

}  // namespace

Result<DataDirectoryReport> inspect_data_directory(const std::string& directory) {
  return Inspector(directory).run();
}

}  // namespace pbft
