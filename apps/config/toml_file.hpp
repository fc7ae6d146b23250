// One TOML file being read: typed access, and faults that name file, line, value and remedy.
#pragma once

#include <toml++/toml.h>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pbft/limits.hpp"
#include "pbft/result.hpp"

namespace app {

class TomlSection;

/// After a fault the file stays readable: what is missing or wrong reads as its default, and fault() keeps
/// the first. So a reader says what it wants, and asks once at the end.
class TomlFile {
 public:
  explicit TomlFile(const std::filesystem::path& path);

  const std::string& name() const { return name_; }
  TomlSection root();
  /// Line of "replica[2].public_key", or of the nearest that exists above it.
  std::uint32_t line_of(std::string path) const;
  /// Line 0: the fault is not in one line.
  void fail(std::uint32_t line, const std::string& message);
  const std::optional<pbft::Error>& fault() const { return fault_; }

 private:
  std::string name_;
  toml::table root_;
  std::optional<pbft::Error> fault_;
};

/// One table of the file. Valid as long as the file.
class TomlSection {
 public:
  /// `path` is the table's place: "" (the whole file), "limits", "replica[2]".
  TomlSection(TomlFile& file, const toml::table& table, std::string path)
      : file_(file), table_(table), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool has(std::string_view key) const { return table_.contains(key); }
  std::uint32_t line_of(std::string_view key) const;
  /// A fault at `key`'s line.
  void fail(std::string_view key, const std::string& message);

  /// A fault that shows `example` unless the key is there.
  void require(std::string_view key, std::string_view example);

  // Each leaves `value` alone when the key is absent, and faults a value of another type or out of range.
  template <std::unsigned_integral T>
  void read(std::string_view key, T& value, std::uint64_t min = 0,
            std::uint64_t max = std::numeric_limits<T>::max()) {
    if (const auto number = integer(key, min, max)) value = static_cast<T>(*number);
  }
  void read(std::string_view key, std::string& value);
  void read(std::string_view key, bool& value);
  /// In milliseconds, at least 1.
  void read_ms(std::string_view key, pbft::Duration& value);

  /// The tables of [[key]]; or of [key], none or one.
  std::vector<TomlSection> sections(std::string_view key);

  /// A fault for the first key that nobody asked for, with the known one that looks most like it.
  void refuse_unknown_keys();

 private:
  std::optional<std::uint64_t> integer(std::string_view key, std::uint64_t min, std::uint64_t max);
  void fail_type(std::string_view key, const std::string& wanted);
  const toml::node* find(std::string_view key);  // and remembers that somebody asked

  TomlFile& file_;
  const toml::table& table_;
  std::string path_;
  std::vector<std::string> known_;
};

}  // namespace app
