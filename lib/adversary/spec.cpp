#include "adversary/spec.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace pbft::adversary {

namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t first = text.find_first_not_of(separators, at);
    if (first == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(separators, first), text.size());
    words.emplace_back(text.substr(first, end - first));
    at = end;
  }
  return words;
}

Result<Term> parse_term(std::string_view text) {
  const std::string whole(text);
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos) {
    if (text.find(')') == std::string_view::npos) return Term{whole, {}};
    return Error{ErrorCode::invalid_argument, "\"" + whole + "\" has a \")\" without a \"(\""};
  }
  if (text.find('(', open + 1) != std::string_view::npos || text.find(')') != text.size() - 1) {
    return Error{ErrorCode::invalid_argument, "\"" + whole + "\" is not of the form name(argument ...)"};
  }
  const std::string_view name = trimmed(text.substr(0, open));
  return Term{std::string(name), split(text.substr(open + 1, text.size() - open - 2), " \t,")};
}

}  // namespace

Result<std::vector<Term>> parse(std::string_view spec) {
  std::vector<Term> terms;
  for (std::size_t at = 0; at <= spec.size();) {
    const std::size_t end = std::min(spec.find('+', at), spec.size());
    const std::string_view text = trimmed(spec.substr(at, end - at));
    if (text.empty()) {
      return Error{ErrorCode::invalid_argument,
                   "\"" + std::string(spec) + "\" lacks a name" +
                       (spec.find('+') == std::string_view::npos ? "" : " on one side of a \"+\"")};
    }
    Result<Term> term = parse_term(text);
    if (!term) return term.error();
    terms.push_back(*std::move(term));
    at = end + 1;
  }
  return terms;
}

std::optional<std::string> Arguments::take() {
  if (at_ == term_.arguments.size()) return std::nullopt;
  return term_.arguments[at_++];
}

void Arguments::fail(const std::string& argument, const std::string& expected) {
  if (error_.empty()) error_ = "\"" + argument + "\" is not " + expected;
}

std::optional<double> Arguments::number(const std::vector<std::string_view>& units, std::size_t& which,
                                        const char* example) {
  const std::optional<std::string> argument = take();
  if (!argument) return std::nullopt;
  double value = 0;
  const char* const end = argument->data() + argument->size();
  const auto [rest, failed] = std::from_chars(argument->data(), end, value);
  const auto unit =
      std::find(units.begin(), units.end(), std::string_view(rest, static_cast<std::size_t>(end - rest)));
  if (failed != std::errc() || unit == units.end() || !(value >= 0)) {
    fail(*argument, example);
    return std::nullopt;
  }
  which = static_cast<std::size_t>(unit - units.begin());
  return value;
}

Duration Arguments::duration(Duration otherwise) {
  constexpr double most_us = 60e6;
  constexpr double us_of[] = {1, 1e3, 1e6};
  std::size_t unit = 0;
  const auto value = number({"us", "ms", "s"}, unit, "a time such as 500us, 10ms or 2s");
  if (!value) return otherwise;
  if (*value * us_of[unit] > most_us) {
    fail(term_.arguments[at_ - 1], "at most 60s");
    return otherwise;
  }
  return Duration(static_cast<Duration::rep>(*value * us_of[unit]));
}

double Arguments::share(double otherwise) {
  std::size_t unit = 0;
  const auto value = number({"%"}, unit, "a share such as 20%");
  if (!value) return otherwise;
  if (*value > 100) fail(term_.arguments[at_ - 1], "at most 100%");
  return *value / 100;
}

double Arguments::megabytes_per_second(double otherwise) {
  std::size_t unit = 0;
  const auto value = number({"MB/s"}, unit, "a rate such as 5MB/s");
  if (value && (*value < 0.001 || *value > 1000)) {
    fail(term_.arguments[at_ - 1], "from 0.001MB/s to 1000MB/s");
  }
  return value.value_or(otherwise);
}

double Arguments::per_second(double otherwise) {
  std::size_t unit = 0;
  const auto value = number({"/s"}, unit, "a rate such as 100/s");
  if (value && (*value < 0.1 || *value > 1e6)) fail(term_.arguments[at_ - 1], "from 0.1/s to 1000000/s");
  return value.value_or(otherwise);
}

bool Arguments::is_rate_next() const {
  return at_ < term_.arguments.size() && term_.arguments[at_].ends_with("/s");
}

std::set<ReplicaId> Arguments::replicas(std::uint32_t n) {
  std::set<ReplicaId> ids;
  while (const std::optional<std::string> argument = take()) {
    std::uint32_t id = 0;
    const char* const end = argument->data() + argument->size();
    const auto [rest, failed] = std::from_chars(argument->data(), end, id);
    if (failed != std::errc() || rest != end || id >= n) {
      fail(*argument, "the id of a replica, 0 to " + std::to_string(n - 1));
    }
    ids.insert(ReplicaId{id});
  }
  return ids;
}

ClientId Arguments::client() {
  const std::optional<std::string> word = take(), argument = take();
  std::uint64_t id = 0;
  const char* const end = argument ? argument->data() + argument->size() : nullptr;
  const bool is_number = argument && std::from_chars(argument->data(), end, id).ptr == end;
  if (!word || *word != "client" || !is_number) {
    fail(word.value_or("") + (argument ? " " + *argument : ""), "a client such as client 2");
  }
  return ClientId{id};
}

Result<void> Arguments::finish() {
  if (error_.empty() && at_ < term_.arguments.size())
    error_ = "\"" + term_.arguments[at_] + "\" is one argument too many";
  if (error_.empty()) return {};
  return Error{ErrorCode::invalid_argument, term_.name + ": " + error_};
}

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace pbft::adversary
