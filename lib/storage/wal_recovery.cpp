#include "storage/wal_recovery.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace pbft::storage::wal {

namespace {

Error damaged(const std::string& path, std::uint64_t offset, const std::string& what) {
  return {ErrorCode::io,
          path + ": damaged at offset " + std::to_string(offset) + ": " + what +
              "; what this replica promised is no longer known, so it must not start from here"};
}

Error unreadable(const std::string& path, Unreadable reason) {
  if (reason == Unreadable::damaged) return damaged(path, 0, "the header does not match its checksum");
  return {ErrorCode::io, path + ": its format is not version " + std::to_string(format_version) +
                             ": start the version of pbft that wrote it"};
}

/// A segment with its content, while it is read.
struct Loaded {
  std::string path;
  Segment segment;
  Bytes bytes;
  std::uint64_t rewrite_from = block_bytes;  ///< What lies from here to segment.end may not be durable.
  std::uint64_t torn_to = block_bytes;       ///< What lies from segment.end to here was not wholly written.
  bool closed = false;                       ///< Its end record is there.

  Place place(std::uint64_t offset) const { return {segment.header.salt, segment.header.segment, offset}; }
};

class Recoverer {
 public:
  Recoverer(Disk& disk, const std::string& directory, const WalIdentity& identity, const WalReplay& replay)
      : disk_(disk), directory_(directory), identity_(identity), replay_(replay) {}

  Result<Recovery> run();

 private:
  Result<void> read_marker(const std::vector<std::string>& names);
  Result<void> find_segments(const std::vector<std::string>& names);
  Result<Loaded> load(std::uint64_t number);
  Result<void> replay(Loaded& loaded);
  Result<void> look_behind_the_end(Loaded& loaded);
  Result<void> read_all(std::optional<Loaded>& unfinished, std::optional<Loaded>& newest);
  Result<void> repair(Loaded& newest);
  Result<void> close(Loaded& unfinished);
  Result<void> remove_scrap(std::uint64_t base);
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }

  Disk& disk_;
  const std::string& directory_;
  const WalIdentity& identity_;
  const WalReplay& replay_;
  std::vector<std::uint64_t> segments_;  ///< Ascending.
  std::vector<std::string> scrap_;       ///< Paths.
  Recovery result_;
};

Result<void> Recoverer::read_marker(const std::vector<std::string>& names) {
  const std::string path = path_of(marker_name);
  if (std::find(names.begin(), names.end(), marker_name) == names.end()) {
    return Error{ErrorCode::io, path +
                                    ": amnesia: the genesis marker is missing, so nobody knows what this " +
                                    "replica has promised; it must not start as if it were new"};
  }
  auto file = disk_.open(path);
  if (!file) return file.error();
  const auto block = (*file)->read(0, block_bytes);
  if (!block) return block.error();
  const auto found = decode_marker(*block);
  if (const auto* reason = std::get_if<Unreadable>(&found)) return unreadable(path, *reason);
  const auto& marker = std::get<Marker>(found);
  if (marker.identity != identity_) return foreign(path, marker.identity);
  result_.incarnation = marker.incarnation;
  return {};
}

Result<void> Recoverer::find_segments(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (const auto segment = parse_segment_name(name)) {
      segments_.push_back(*segment);
    } else if (is_scrap_name(name)) {
      scrap_.push_back(path_of(name));
    }
  }
  if (segments_.empty()) {
    return Error{ErrorCode::io, directory_ + ": amnesia: the log's segments are missing beside its genesis " +
                                    "marker; this replica must not start as if it were new"};
  }
  return {};
}

Result<Loaded> Recoverer::load(std::uint64_t number) {
  Loaded loaded;
  loaded.path = path_of(segment_name(number));
  if (!std::binary_search(segments_.begin(), segments_.end(), number)) {
    return Error{ErrorCode::io, loaded.path + ": missing, though " + path_of(segment_name(segments_.back())) +
                                    " needs it; this replica must not start from the rest"};
  }
  auto file = disk_.open(loaded.path);
  if (!file) return file.error();
  loaded.segment.file = *std::move(file);
  const auto size = loaded.segment.file->size();
  if (!size) return size.error();
  auto bytes = loaded.segment.file->read(0, static_cast<std::size_t>(*size));
  if (!bytes) return bytes.error();
  loaded.bytes = *std::move(bytes);

  const auto block = BytesView(loaded.bytes).first(std::min<std::size_t>(loaded.bytes.size(), block_bytes));
  const auto header = decode_header(block);
  if (const auto* reason = std::get_if<Unreadable>(&header)) return unreadable(loaded.path, *reason);
  loaded.segment.header = std::get<SegmentHeader>(header);
  if (loaded.segment.header.identity != identity_)
    return foreign(loaded.path, loaded.segment.header.identity);
  if (loaded.segment.header.segment != number || loaded.segment.header.base > number)
    return damaged(loaded.path, 0, "the header is another segment's");
  if (loaded.bytes.size() != loaded.segment.header.segment_bytes) {
    return damaged(loaded.path,
                   std::min<std::uint64_t>(loaded.bytes.size(), loaded.segment.header.segment_bytes),
                   "the file has " + std::to_string(loaded.bytes.size()) + " bytes, its header says " +
                       std::to_string(loaded.segment.header.segment_bytes));
  }
  return loaded;
}

Result<void> Recoverer::replay(Loaded& loaded) {
  std::uint64_t& at = loaded.segment.end;
  while (const auto header = decode_record_header(loaded.bytes, loaded.place(at))) {
    const auto payload = record_payload(loaded.bytes, at, *header);
    if (!payload) break;
    if (header->type == end_type) {
      loaded.closed = true;
      break;
    }
    if (auto taken = replay_(header->type, *payload); !taken) {
      return damaged(loaded.path, at, "the record is whole, but " + taken.error().message);
    }
    at += record_bytes(header->length);
    (at <= loaded.segment.header.durable_to ? result_.base_bytes : result_.appended_bytes) +=
        record_bytes(header->length);
    loaded.rewrite_from = header->synced_to;
  }
  loaded.rewrite_from = std::max(loaded.rewrite_from, loaded.segment.header.durable_to);
  loaded.torn_to = at;
  return loaded.closed ? Result<void>() : look_behind_the_end(loaded);
}

/// A power cut leaves any part of the last, unsynced write. What was durable before that write began cannot
/// be lost by it: if it is not readable, the disk has failed.
Result<void> Recoverer::look_behind_the_end(Loaded& loaded) {
  const std::uint64_t end = loaded.segment.end;
  if (end < loaded.segment.header.durable_to) {
    return damaged(loaded.path, end, "no whole record, where the segment began with some");
  }
  for (std::uint64_t at = end; at + record_header_bytes <= loaded.bytes.size(); at += 8) {
    const auto header = decode_record_header(loaded.bytes, loaded.place(at));
    if (!header) continue;
    if (header->synced_to > end) {
      return damaged(loaded.path, end,
                     "no whole record, though the record at offset " + std::to_string(at) +
                         " was written after this was durable");
    }
    const std::uint64_t record_end =
        std::min<std::uint64_t>(at + record_bytes(header->length), loaded.bytes.size());
    loaded.torn_to = std::max(loaded.torn_to, record_end);
  }
  if (!loaded.segment.header.recycled) {
    const auto last =
        std::find_if(loaded.bytes.rbegin(), loaded.bytes.rend() - static_cast<std::ptrdiff_t>(end),
                     [](std::uint8_t byte) { return byte != 0; });
    loaded.torn_to = std::max(loaded.torn_to, static_cast<std::uint64_t>(loaded.bytes.rend() - last));
  }
  return {};
}

/// `unfinished`: the segment before the newest, if the crash came before its end record was durable.
Result<void> Recoverer::read_all(std::optional<Loaded>& unfinished, std::optional<Loaded>& newest) {
  auto last = load(segments_.back());
  if (!last) return last.error();
  const SegmentHeader& header = last->segment.header;
  for (std::uint64_t number = header.base; number < header.segment; ++number) {
    auto loaded = load(number);
    if (!loaded) return loaded.error();
    if (loaded->segment.header.base != header.base) {
      return damaged(loaded->path, 0, "the header names another base than that of the newest segment");
    }
    if (auto replayed = replay(*loaded); !replayed) return replayed;
    if (loaded->closed) continue;
    if (number + 1 < header.segment) return damaged(loaded->path, loaded->segment.end, "no whole record");
    unfinished = *std::move(loaded);
  }
  if (auto replayed = replay(*last); !replayed) return replayed;
  if (unfinished && last->torn_to > block_bytes) {
    return damaged(unfinished->path, unfinished->segment.end,
                   "no whole record, though the next segment was written after this one was closed");
  }
  if (last->closed) {
    return Error{ErrorCode::io,
                 path_of(segment_name(header.segment + 1)) + ": missing, though " + last->path +
                     " ends with a reference to it; this replica must not start from the rest"};
  }
  newest = *std::move(last);
  return {};
}

/// Writes the last batch once more: a process may have died before it was synced, or because that failed, and
/// then the system may hold as written what the disk does not have. What was torn becomes zeros, so that no
/// part of it can ever pass for a record again.
Result<void> Recoverer::repair(Loaded& newest) {
  Segment& segment = newest.segment;
  std::fill(newest.bytes.begin() + static_cast<std::ptrdiff_t>(segment.end),
            newest.bytes.begin() + static_cast<std::ptrdiff_t>(newest.torn_to), std::uint8_t{0});
  const BytesView again = BytesView(newest.bytes)
                              .first(static_cast<std::size_t>(newest.torn_to))
                              .subspan(static_cast<std::size_t>(newest.rewrite_from));
  if (auto written = segment.file->write(newest.rewrite_from, again); !written) return written;
  return segment.file->sync();
}

Result<void> Recoverer::close(Loaded& unfinished) {
  Bytes end;
  encode_record(end, unfinished.place(unfinished.segment.end), unfinished.segment.end, end_type, {});
  if (auto written = unfinished.segment.file->write(unfinished.segment.end, end); !written) return written;
  return unfinished.segment.file->sync();
}

Result<void> Recoverer::remove_scrap(std::uint64_t base) {
  for (const std::uint64_t segment : segments_) {
    if (segment < base) scrap_.push_back(path_of(segment_name(segment)));
  }
  for (const std::string& path : scrap_) {
    if (auto removed = disk_.remove(path); !removed) return removed;
  }
  return {};
}

Result<Recovery> Recoverer::run() {
  const auto names = disk_.list(directory_);
  if (!names) return names.error();
  if (auto read = read_marker(*names); !read) return read.error();
  if (auto found = find_segments(*names); !found) return found.error();
  std::optional<Loaded> unfinished;
  std::optional<Loaded> newest;
  if (auto read = read_all(unfinished, newest); !read) return read.error();

  // The names first: a reference to the newest segment must not outlive its name.
  if (auto synced = disk_.sync_directory(directory_); !synced) return synced.error();
  if (auto repaired = repair(*newest); !repaired) return repaired.error();
  if (unfinished) {
    if (auto closed = close(*unfinished); !closed) return closed.error();
  }
  if (auto removed = remove_scrap(newest->segment.header.base); !removed) return removed.error();
  result_.cut_bytes = newest->torn_to - newest->segment.end;
  result_.newest = std::move(newest->segment);
  return std::move(result_);
}

}  // namespace

Error foreign(const std::string& path, const WalIdentity& found) {
  return {ErrorCode::invalid_argument, path + ": belongs to replica " + std::to_string(found.replica.value) +
                                           " of cluster " + to_hex(found.cluster.bytes) +
                                           ": check the data directory in this replica's configuration"};
}

Result<Recovery> recover(Disk& disk, const std::string& directory, const WalIdentity& identity,
                         const WalReplay& replay) {
  return Recoverer(disk, directory, identity, replay).run();
}

}  // namespace pbft::storage::wal
