#include "bench/load/load_result.hpp"

#include <algorithm>
#include <fstream>
#include <type_traits>

namespace bench {
namespace {

constexpr std::uint64_t magic = 0x70626674'6c6f6164;  // "pbftload"

template <class T>
void write_value(std::ostream& to, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  to.write(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
void read_value(std::istream& from, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  from.read(reinterpret_cast<char*>(&value), sizeof value);
}

template <class T>
void write_list(std::ostream& to, const std::vector<T>& list) {
  static_assert(std::is_trivially_copyable_v<T>);
  write_value(to, list.size());
  to.write(reinterpret_cast<const char*>(list.data()), static_cast<std::streamsize>(list.size() * sizeof(T)));
}
template <class T>
void read_list(std::istream& from, std::vector<T>& list) {
  std::size_t size = 0;
  read_value(from, size);
  if (!from) return;
  list.resize(size);
  from.read(reinterpret_cast<char*>(list.data()), static_cast<std::streamsize>(size * sizeof(T)));
}

void write_texts(std::ostream& to, const std::vector<std::string>& texts) {
  write_value(to, texts.size());
  for (const auto& text : texts) write_list(to, std::vector<char>(text.begin(), text.end()));
}
void read_texts(std::istream& from, std::vector<std::string>& texts) {
  std::size_t size = 0;
  read_value(from, size);
  for (std::size_t i = 0; from && i < size; ++i) {
    std::vector<char> text;
    read_list(from, text);
    texts.emplace_back(text.begin(), text.end());
  }
}

/// Calls visit(member) for everything that is a plain value, so that writing and reading cannot part ways.
template <class Result, class Visit>
void for_each_value(Result& result, Visit visit) {
  visit(result.clients);
  visit(result.stride);
  visit(result.submitted);
  visit(result.acknowledged);
  visit(result.audited);
  visit(result.unaudited_clients);
}
template <class Result, class Visit>
void for_each_list(Result& result, Visit visit) {
  visit(result.intervals);
  visit(result.done_by_client);
  visit(result.answered_in_ms);
  visit(result.observations);
}

}  // namespace

void thin_observations(LoadResult& result, std::uint64_t stride) {
  std::erase_if(result.observations,
                [&](const Observation& observation) { return observation.position % stride != 0; });
  result.stride = stride;
}

void merge(LoadResult& into, const LoadResult& from) {
  const std::size_t intervals = std::max(into.intervals.size(), from.intervals.size());
  into.intervals.resize(intervals);
  std::vector<std::uint32_t> done;
  done.reserve(intervals * (into.clients + from.clients));
  const auto append_row = [&](const LoadResult& source, std::size_t interval) {
    for (std::size_t client = 0; client < source.clients; ++client) {
      const std::size_t at = interval * source.clients + client;
      done.push_back(at < source.done_by_client.size() ? source.done_by_client[at] : 0);
    }
  };
  for (std::size_t i = 0; i < intervals; ++i) {
    append_row(into, i);
    append_row(from, i);
    if (i >= from.intervals.size()) continue;
    into.intervals[i].offered += from.intervals[i].offered;
    into.intervals[i].done += from.intervals[i].done;
    into.intervals[i].failed += from.intervals[i].failed;
    into.intervals[i].latency_us.merge(from.intervals[i].latency_us);
  }
  into.done_by_client = std::move(done);
  into.clients += from.clients;
  into.answered_in_ms.resize(std::max(into.answered_in_ms.size(), from.answered_in_ms.size()));
  for (std::size_t i = 0; i < from.answered_in_ms.size(); ++i)
    into.answered_in_ms[i] |= from.answered_in_ms[i];

  const std::uint64_t stride = std::max(into.stride, from.stride);  // both are powers of two
  into.observations.insert(into.observations.end(), from.observations.begin(), from.observations.end());
  thin_observations(into, stride);
  into.submitted += from.submitted;
  into.acknowledged += from.acknowledged;
  into.audited += from.audited;
  into.unaudited_clients += from.unaudited_clients;
  into.violations.insert(into.violations.end(), from.violations.begin(), from.violations.end());
  into.first_errors.insert(into.first_errors.end(), from.first_errors.begin(), from.first_errors.end());
}

pbft::Result<void> write_load_result(const std::filesystem::path& path, const LoadResult& result) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  write_value(file, magic);
  for_each_value(result, [&](const auto& value) { write_value(file, value); });
  for_each_list(result, [&](const auto& list) { write_list(file, list); });
  write_texts(file, result.violations);
  write_texts(file, result.first_errors);
  file.close();
  if (file) return {};
  return pbft::Error{pbft::ErrorCode::io, path.string() + ": cannot write the result of a load process"};
}

pbft::Result<LoadResult> read_load_result(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  LoadResult result;
  std::uint64_t found = 0;
  read_value(file, found);
  if (file && found == magic) {
    for_each_value(result, [&](auto& value) { read_value(file, value); });
    for_each_list(result, [&](auto& list) { read_list(file, list); });
    read_texts(file, result.violations);
    read_texts(file, result.first_errors);
    if (file) return result;
  }
  return pbft::Error{pbft::ErrorCode::io, path.string() + ": no result of a load process"};
}

}  // namespace bench
