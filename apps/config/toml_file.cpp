#include "config/toml_file.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

namespace app {
namespace {

/// Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j - 1] + 1, above + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string suggestion(std::string_view unknown, const std::vector<std::string>& known) {
  const auto nearest = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return edit_distance(unknown, a) < edit_distance(unknown, b);
  });
  if (nearest != known.end() &&
      edit_distance(unknown, *nearest) <= std::max<std::size_t>(2, unknown.size() / 3)) {
    return "did you mean '" + *nearest + "'?";
  }
  std::string all = "known here: ";
  for (const auto& key : known) all += (&key == &known.front() ? "" : ", ") + key;
  return all;
}

std::string place(const std::string& path) {
  if (path.empty()) return "";
  const auto bracket = path.find('[');
  return bracket == std::string::npos ? " in [" + path + "]" : " in [[" + path.substr(0, bracket) + "]]";
}

std::string shown(const toml::node& node) {
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

}  // namespace

TomlFile::TomlFile(const std::filesystem::path& path) : name_(path.lexically_normal().string()) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  // A directory opens and fails to read: ask for a byte before believing it.
  if (!file || (file.peek() == std::ifstream::traits_type::eof() && !file.eof())) {
    fault_ = pbft::Error{pbft::ErrorCode::invalid_argument,
                         name_ + ": cannot be read; is the path right? `pbft cluster init --help` makes one"};
    return;
  }
  text << file.rdbuf();
  try {
    root_ = toml::parse(text.str(), name_);
  } catch (const toml::parse_error& error) {
    fail(error.source().begin.line, "not TOML: " + std::string(error.description()));
  }
}

TomlSection TomlFile::root() { return {*this, root_, ""}; }

std::uint32_t TomlFile::line_of(std::string path) const {
  while (!path.empty()) {
    if (const auto node = root_.at_path(path); node.node() != nullptr) {
      // An array of tables stands for its last one: that is where one more would follow.
      if (const auto* array = node.as_array(); array != nullptr && !array->empty()) {
        return array->back().source().begin.line;
      }
      return node.node()->source().begin.line;
    }
    const auto tail = path.find_last_of(".[");
    path.resize(tail == std::string::npos ? 0 : tail);
  }
  return 0;
}

void TomlFile::fail(std::uint32_t line, const std::string& message) {
  if (fault_) return;
  const std::string where = line == 0 ? name_ : name_ + ":" + std::to_string(line);
  fault_ = pbft::Error{pbft::ErrorCode::invalid_argument, where + ": " + message};
}

const toml::node* TomlSection::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return table_.get(key);
}

std::uint32_t TomlSection::line_of(std::string_view key) const {
  const toml::node* node = table_.get(key);
  return node != nullptr ? node->source().begin.line : table_.source().begin.line;
}

void TomlSection::fail(std::string_view key, const std::string& message) {
  file_.fail(line_of(key), message);
}

void TomlSection::require(std::string_view key, std::string_view example) {
  if (find(key) != nullptr) return;
  fail(key, std::string(key) + " is missing" + place(path_) + "; add: " + std::string(key) + " = " +
                std::string(example));
}

void TomlSection::fail_type(std::string_view key, const std::string& wanted) {
  fail(key, std::string(key) + " = " + shown(*table_.get(key)) + place(path_) + " must be " + wanted);
}

std::optional<std::uint64_t> TomlSection::integer(std::string_view key, std::uint64_t min,
                                                  std::uint64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto number = node->value_exact<std::int64_t>();
  const std::string range = "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < min ||
      static_cast<std::uint64_t>(*number) > max) {
    fail_type(key, range);
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*number);
}

void TomlSection::read(std::string_view key, std::string& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (auto text = node->value_exact<std::string>()) {
    value = std::move(*text);
  } else {
    fail_type(key, "a string in quotes");
  }
}

void TomlSection::read(std::string_view key, bool& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto truth = node->value_exact<bool>()) {
    value = *truth;
  } else {
    fail_type(key, "true or false");
  }
}

void TomlSection::read_ms(std::string_view key, pbft::Duration& value) {
  constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * 1000;
  if (const auto ms = integer(key, 1, day_ms))
    value = std::chrono::milliseconds(static_cast<std::int64_t>(*ms));
}

std::vector<TomlSection> TomlSection::sections(std::string_view key) {
  std::vector<TomlSection> found;
  const toml::node* node = find(key);
  if (node == nullptr) return found;
  const std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  if (const auto* table = node->as_table()) {
    found.emplace_back(file_, *table, path);
  } else if (const auto* array = node->as_array(); array != nullptr && array->is_array_of_tables()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      found.emplace_back(file_, *array->get(i)->as_table(), path + "[" + std::to_string(i) + "]");
    }
  } else {
    fail_type(key, "a table");
  }
  return found;
}

void TomlSection::refuse_unknown_keys() {
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    file_.fail(node.source().begin.line,
               "unknown key '" + name + "'" + place(path_) + "; " + suggestion(name, known_));
    return;
  }
}

}  // namespace app
