// A small log on a virtual disk, in a test's own words.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "storage/virtual_disk.hpp"
#include "storage/wal.hpp"

namespace pbft::test {

inline const storage::WalIdentity log_identity{Digest{{1, 2, 3}}, ReplicaId{2}};
inline constexpr char log_directory[] = "/data";
inline constexpr std::uint64_t log_salt = 0x1234567890abcdef;

/// Recognisable, of any size, and never without its number.
inline Bytes payload_of(std::uint64_t number, std::size_t size) {
  Bytes payload = to_bytes(std::to_string(number) + "|");
  while (payload.size() < size) payload.push_back(static_cast<std::uint8_t>(number * 37 + payload.size()));
  return payload;
}
inline std::uint64_t number_of(BytesView payload) { return std::stoull(to_text(payload)); }

inline std::string segment_path(std::uint64_t segment) {
  return std::string(log_directory) + "/" + storage::wal::segment_name(segment);
}

struct LogFixture {
  storage::VirtualDisk disk;
  storage::WalOptions options{.segment_bytes = 8192};  ///< 4096 of them for records.
  std::unique_ptr<storage::Wal> log;
  std::vector<std::uint64_t> replayed;

  void create() { REQUIRE(storage::Wal::create(disk, log_directory, log_identity, log_salt, 0, options)); }

  Result<void> try_open(const storage::WalIdentity& identity = log_identity) {
    log.reset();
    replayed.clear();
    const auto replay = [this](std::uint32_t type, BytesView payload) {
      const std::uint64_t number = number_of(payload);
      CHECK(type == number % 5 + 1);
      const Bytes expected = payload_of(number, payload.size());
      CHECK(std::equal(payload.begin(), payload.end(), expected.begin(), expected.end()));
      CHECK(reinterpret_cast<std::uintptr_t>(payload.data()) % 8 == 0);
      replayed.push_back(number);
      return Result<void>();
    };
    auto opened = storage::Wal::open(disk, log_directory, identity, replay, options);
    if (!opened) return opened.error();
    log = *std::move(opened);
    return {};
  }
  void open() {
    const auto opened = try_open();
    if (!opened) FAIL(opened.error().message);
  }
  /// The message of the refusal, which must come.
  std::string refusal() {
    const auto opened = try_open();
    REQUIRE_FALSE(opened);
    return opened.error().message;
  }

  Result<void> append(std::uint64_t number, std::size_t size) {
    return log->append(static_cast<std::uint32_t>(number % 5 + 1), payload_of(number, size));
  }
  void append_synced(std::uint64_t number, std::size_t size) {
    REQUIRE(append(number, size));
    REQUIRE(log->sync());
  }
  /// Leaves the records `first`..`last`, all of `size` bytes.
  Result<void> compact(std::uint64_t first, std::uint64_t last, std::size_t size) {
    return log->compact([=](storage::WalRecord& next) mutable {
      if (first > last) return false;
      next = {static_cast<std::uint32_t>(first % 5 + 1), payload_of(first, size)};
      ++first;
      return true;
    });
  }
  std::vector<std::string> names() { return *disk.list(log_directory); }
};

inline std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t number = first; number <= last; ++number) all.push_back(number);
  return all;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace pbft::test
