// A data directory as `pbft inspect` reads it: a log and checkpoints of an owner, a cluster and limits that
// are not known, by whomever they were written.
#include <array>
#include <filesystem>
#include <string>

#include "core/state_tree.hpp"
#include "crypto/sodium.hpp"
#include "fuzz/folder.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "pbft/data_directory.hpp"
#include "storage/pack_format.hpp"
#include "storage/wal_format.hpp"
#include "unit/plain_crypto.hpp"

namespace pbft::fuzz {

namespace {

namespace wal = storage::wal;
namespace pack = storage::pack;

const storage::WalIdentity owner{Digest{{1, 2, 3}}, ReplicaId{2}};

/// Hashes as the inspection does.
class Hasher : public test::PlainCrypto {
 public:
  Digest hash(std::string_view domain, BytesView bytes) const override { return crypto::hash(domain, bytes); }
};

/// Checksums that hold, around anything.
class Directory {
 public:
  Directory(const Folder& folder, Input& input) : folder_(folder), input_(input) {
    std::filesystem::remove_all(folder_.path("data"));
    std::filesystem::create_directories(folder_.path("data/checkpoints"));
  }

  void write() {
    write("genesis", wal::encode_marker({owner, input_.below(2)}));
    write(wal::segment_name(1), segment(1));
    if (input_.flag()) write(wal::segment_name(2), segment(2));
    if (input_.flag()) write_checkpoint();
    for (std::size_t more = input_.below(3); more > 0; --more) {
      static const std::array<std::string, 5> names{"genesis", wal::segment_name(1), wal::segment_name(2),
                                                    "checkpoints/pack-1",
                                                    "checkpoints/checkpoint-2-0000000000000000"};
      const std::string name = names[input_.below(names.size())];
      write(name, input_.piece());
    }
  }

 private:
  void write(const std::string& name, BytesView content) { folder_.write("data/" + name, content); }

  Bytes segment(std::uint64_t number) {
    wal::SegmentHeader header;
    header.identity = owner;
    header.segment = number;
    header.base = 1;
    header.segment_bytes = 8192;
    header.durable_to = wal::block_bytes;
    header.salt = 5;
    Bytes bytes = wal::encode_header(header);
    for (std::size_t records = input_.below(4); records > 0; --records) {
      const std::uint32_t type = 1 + input_.octet() % 7;
      wal::encode_record(bytes, {header.salt, number, bytes.size()}, bytes.size(), type, input_.piece());
    }
    if (number == 1 && input_.flag()) {
      wal::encode_record(bytes, {header.salt, number, bytes.size()}, bytes.size(), wal::end_type, {});
    }
    return bytes;
  }

  void write_checkpoint() {
    const Hasher crypto;
    Bytes blocks = pack::encode_header(owner, 1);
    const auto add = [&](const Digest& name, BytesView block) {
      pack::encode_block(blocks, {1, blocks.size()}, name, block);
    };
    const BytesView core_state = input_.piece();
    const BytesView application = input_.piece();
    Digest state = core::state_digest(crypto, core_state, application, add);
    if (const BytesView block = input_.piece(); !block.empty()) {
      add(core::block_digest(crypto, block), block);
      if (input_.flag()) state = core::block_digest(crypto, block);
    }
    write("checkpoints/" + pack::name_of(1), blocks);
    const pack::CheckpointFile file{owner, SeqNum{2}, state, false, {{1, blocks.size()}}};
    write("checkpoints/" + pack::checkpoint_name(file.seq, state), pack::encode_checkpoint(file));
  }

  const Folder& folder_;
  Input& input_;
};

void fuzz_inspect(BytesView bytes) {
  static const Folder folder;
  crypto::ensure_sodium();
  Input input(bytes);
  Directory(folder, input).write();
  const auto report = inspect_data_directory(folder.path("data").string());
  FUZZ_CHECK(report || !report.error().message.empty());
  const auto again = inspect_data_directory(folder.path("data").string());  // it has changed nothing
  FUZZ_CHECK(report.has_value() == again.has_value());
  if (!report) return;
  FUZZ_CHECK(report->records.size() == again->records.size() && report->damage == again->damage);
  FUZZ_CHECK(report->checkpoints.size() == again->checkpoints.size());
}

const Target target("inspect", fuzz_inspect);

}  // namespace

}  // namespace pbft::fuzz
