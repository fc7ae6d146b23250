#include "core/client_table.hpp"

#include <algorithm>
#include <limits>

#include "core/check.hpp"
#include "core/images.hpp"
#include "core/mutants.hpp"

namespace pbft::core {

namespace {

Bytes little_endian(RequestNumber number) {
  Bytes bytes;
  for (int shift = 0; shift < 64; shift += 8)
    bytes.push_back(static_cast<std::uint8_t>(number.value >> shift));
  return bytes;
}

RequestNumber number_of(const Request& request, std::size_t item) {
  return RequestNumber{request.first.value + item};
}

Digest digest_of(const Request& request, std::size_t item, const Crypto& crypto) {
  const Request::Item& asked = request.items[item];
  return operation_digest(crypto, request.client, number_of(request, item), asked.read_only, asked.body);
}

bool below(const auto& entry, RequestNumber number) { return entry.number < number; }

}  // namespace

ClientTable::ClientTable(AgreedLimits limits, const std::set<ClientId>& clients) : limits_(limits) {
  for (ClientId client : clients) records_.emplace_hint(records_.end(), client, Record{});
}

const ClientTable::Entry* ClientTable::Record::find(RequestNumber number) const {
  auto at = std::lower_bound(entries.begin(), entries.end(), number, below<Entry>);
  return at != entries.end() && at->number == number ? &*at : nullptr;
}

void ClientTable::Record::raise_floor(RequestNumber to) {
  if (to <= floor) return;
  floor = to;
  while (!entries.empty() && entries.front().number <= floor) {
    cached_bytes -= entries.front().result.size();
    entries.pop_front();
  }
}

const ClientTable::Record* ClientTable::record_of(ClientId client) const {
  auto at = records_.find(client);
  return at == records_.end() ? nullptr : &at->second;
}

bool ClientTable::is_well_formed(const Request& request) const {
  const std::uint64_t first = request.first.value;
  const std::uint64_t lowest = request.lowest_unanswered.value;
  const std::size_t count = request.items.size();
  if (request.kind == RequestKind::open) return first != 0 && count == 0;
  if (is_replica_client(request.client)) return false;  // a replica asks for its return, for nothing else
  if (count == 0 || lowest == 0 || lowest > first) return false;
  if (count - 1 > std::numeric_limits<std::uint64_t>::max() - first) return false;
  return request.last().value - lowest < limits_.client_window;
}

bool ClientTable::is_too_early(const Record& record, const Moment& at) const {
  if (record.incarnation.value == 0) return false;
  const auto spacing = static_cast<std::uint64_t>(rejoin_spacing.count());
  return at.seq <= takes_effect_at(record.opened_at.seq, limits_) ||
         at.time.unix_us < record.opened_at.time.unix_us + spacing;
}

std::vector<ClientTable::Verdict> ClientTable::begin(const Request& request, const Moment& at,
                                                     const Crypto& crypto) {
  auto found = records_.find(request.client);
  if (found == records_.end() || (is_done(request) && !mutated(Mutant::executes_twice))) return {};
  Record& record = found->second;
  if (is_replica_client(request.client) && is_too_early(record, at)) return {};
  ++record.revision;

  if (request.kind == RequestKind::open) {
    record.incarnation = request.first;
    record.opened_at = at;
    record.raise_floor(request.first);
    return {};
  }
  std::vector<Verdict> verdicts;
  record.raise_floor(RequestNumber{request.lowest_unanswered.value - 1});
  for (std::size_t item = 0; item < request.items.size(); ++item) {
    const RequestNumber number = number_of(request, item);
    if (number <= record.floor && !mutated(Mutant::executes_twice)) continue;
    auto place = number > record.highest()
                     ? record.entries.end()
                     : std::lower_bound(record.entries.begin(), record.entries.end(), number, below<Entry>);
    if (place != record.entries.end() && place->number == number) {
      if (mutated(Mutant::executes_twice)) verdicts.push_back({number, item});
      continue;
    }
    record.entries.insert(
        place, Entry{number, at.seq, digest_of(request, item, crypto), request.digest, State::executing, {}});
    verdicts.push_back({number, item});
  }
  return verdicts;
}

void ClientTable::finish(ClientId client, RequestNumber number, Bytes result) {
  auto found = records_.find(client);
  PBFT_CHECK(found != records_.end());
  Record& record = found->second;
  auto at = std::lower_bound(record.entries.begin(), record.entries.end(), number, below<Entry>);
  if (at == record.entries.end() || at->number != number) {
    PBFT_CHECK(number <= record.floor);  // a later request has said that its answer is not needed
    return;
  }
  if (mutated(Mutant::executes_twice) && at->state != State::executing) return;
  PBFT_CHECK(at->state == State::executing);
  if (result.size() > limits_.max_result_bytes) {
    at->state = State::too_large;
    return;
  }
  at->state = State::executed;
  at->result = std::move(result);
  record.cached_bytes += at->result.size();
  if (record.cached_bytes > limits_.client_cache_bytes) evict(record);
}

// A result goes when those at and above its number exceed the cap. That does not depend on lower ones, so it
// does not matter whether a later request, already begun here and not yet elsewhere, has raised the floor
// past them.
void ClientTable::evict(Record& record) const {
  for (Entry& entry : record.entries) {
    if (record.cached_bytes <= limits_.client_cache_bytes) return;
    if (entry.result.empty()) continue;
    record.cached_bytes -= entry.result.size();
    entry.state = State::gone;
    entry.result = Bytes{};
  }
}

bool ClientTable::is_done(ClientId client, RequestNumber number) const {
  const Record* record = record_of(client);
  return !record || number <= record->floor || (number <= record->highest() && record->find(number));
}

bool ClientTable::is_done(const Request& request) const {
  const Record* record = record_of(request.client);
  if (!record || !is_well_formed(request)) return true;
  if (request.kind == RequestKind::open) return request.first <= record->highest();
  for (std::size_t item = request.items.size(); item-- > 0;) {
    const RequestNumber number = number_of(request, item);
    if (number <= record->floor) return true;
    if (number > record->highest() || !record->find(number)) return false;
  }
  return true;
}

bool ClientTable::in_window(const Request& request) const {
  return record_of(request.client) && is_well_formed(request);
}

std::vector<ReplyItem> ClientTable::answers(const Request& request, const Crypto& crypto) const {
  const Record* record = record_of(request.client);
  if (!record || !is_well_formed(request)) return {};
  std::vector<ReplyItem> items;

  if (request.kind == RequestKind::open) {
    if (request.first > record->highest()) return {};
    // Once numbers above it are used, whoever still asks is another process with the same incarnation.
    const bool opened = request.first == record->incarnation && request.first == record->highest();
    items.push_back({request.first, open_digest(crypto, request.client, request.first),
                     opened ? Outcome::executed : Outcome::stale_incarnation,
                     little_endian(opened ? record->incarnation : record->highest())});
    return items;
  }
  for (std::size_t item = 0; item < request.items.size(); ++item) {
    const RequestNumber number = number_of(request, item);
    if (number > record->highest()) break;
    const Entry* entry = number > record->floor ? record->find(number) : nullptr;
    if (number > record->floor && (!entry || entry->state == State::executing)) continue;
    const bool is_same = entry && entry->request == request.digest;
    ReplyItem answer{number, is_same ? entry->operation : digest_of(request, item, crypto),
                     Outcome::number_void, Bytes{}};
    if (entry && entry->operation != answer.operation) {
      answer.outcome = Outcome::number_reused;
    } else if (entry && entry->state == State::too_large) {
      answer.outcome = Outcome::result_too_large;
    } else if (entry && entry->state == State::gone) {
      answer.outcome = Outcome::result_gone;
    } else if (entry) {
      answer.outcome = Outcome::executed;
      answer.result = entry->result;
    }
    items.push_back(std::move(answer));
  }
  return items;
}

RequestNumber ClientTable::floor(ClientId client) const {
  const Record* record = record_of(client);
  return record ? record->floor : RequestNumber{};
}

RequestNumber ClientTable::highest(ClientId client) const {
  const Record* record = record_of(client);
  return record ? record->highest() : RequestNumber{};
}

ClientTable::Opened ClientTable::opened(ClientId client) const {
  const Record* record = record_of(client);
  return record ? Opened{record->incarnation, record->opened_at} : Opened{};
}

std::uint64_t ClientTable::revision(ClientId client) const {
  const Record* record = record_of(client);
  return record ? record->revision : 0;
}

void ClientTable::invariants() const {
  for (const auto& [client, record] : records_) {
    PBFT_CHECK(record.incarnation <= record.floor);
    PBFT_CHECK(record.entries.size() <= limits_.client_window);
    PBFT_CHECK(record.highest().value - record.floor.value <= limits_.client_window);
    PBFT_CHECK(record.cached_bytes <= limits_.client_cache_bytes);
    RequestNumber previous = record.floor;
    std::size_t bytes = 0;
    for (const Entry& entry : record.entries) {
      PBFT_CHECK(entry.number > previous);
      PBFT_CHECK(entry.state == State::executed || entry.result.empty());
      previous = entry.number;
      bytes += entry.result.size();
    }
    PBFT_CHECK(bytes == record.cached_bytes);
  }
}

}  // namespace pbft::core
