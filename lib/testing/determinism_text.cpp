// A determinism report for a person.
#include "pbft/testing/determinism.hpp"
#include "testing/printable.hpp"

namespace pbft::testing {

namespace {

std::string hex_of(const Bytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += (text.empty() ? "" : " ") + to_hex(BytesView(&byte, 1));
  return text.empty() ? "nothing" : text;
}

std::string headline(const Difference& difference) {
  const std::string after = std::to_string(difference.restored_after);
  switch (difference.cause) {
    case Cause::nothing:
      return "it does not repeat itself";
    case Cause::clock:
      return "it depends on the clock";
    case Cause::random_seed:
      return "it depends on the seed of the C library's random numbers";
    case Cause::memory:
      return "it depends on what is in memory, and where";
    case Cause::locale:
      return "it depends on the locale or the time zone";
    case Cause::rounding:
      return "it depends on how floating-point numbers are rounded";
    case Cause::snapshots:
      return "it depends on when snapshots are taken";
    case Cause::queries:
      return "it depends on what is asked in between";
    case Cause::restore:
      return "restored from the snapshot after operation " + after + " it goes on differently";
    case Cause::pieces:
      return "restored in small pieces from the snapshot after operation " + after +
             " it goes on differently";
    case Cause::reload:
      return "taken back to the snapshot after operation " + after + " it goes on differently";
    case Cause::failed_load:
      return "a load that fails leaves traces";
  }
  return {};
}

std::string text_of(const Difference& difference) {
  std::string text = "- " + to_text(difference.cause) + ": " + headline(difference) + "\n";
  if (!difference.failure.empty()) text += "    " + difference.failure + "\n";
  if (const auto& result = difference.result) {
    text += "    operation " + std::to_string(result->operation) + ", " +
            (result->call.is_query ? "query " : "") + printable(result->call.body) + " of client " +
            std::to_string(result->client.value) + ": " + printable(result->first) + " becomes " +
            printable(result->other) + "\n";
  }
  if (const auto& state = difference.state) {
    text += "    state after operation " + std::to_string(state->operation) + ": chunk " +
            std::to_string(state->chunk) + " (bytes " + std::to_string(state->from) + " to " +
            std::to_string(state->to) + "), from byte " + std::to_string(state->at) +
            " on: " + hex_of(state->first) + " becomes " + hex_of(state->other);
    if (state->first_bytes != state->other_bytes) {
      text +=
          "; " + std::to_string(state->first_bytes) + " bytes become " + std::to_string(state->other_bytes);
    }
    text += "\n";
  }
  return text + "    " + difference.explanation + "\n";
}

}  // namespace

std::string to_text(Cause cause) {
  switch (cause) {
    case Cause::nothing:
      return "nothing";
    case Cause::clock:
      return "clock";
    case Cause::random_seed:
      return "random_seed";
    case Cause::memory:
      return "memory";
    case Cause::locale:
      return "locale";
    case Cause::rounding:
      return "rounding";
    case Cause::snapshots:
      return "snapshots";
    case Cause::queries:
      return "queries";
    case Cause::restore:
      return "restore";
    case Cause::pieces:
      return "pieces";
    case Cause::reload:
      return "reload";
    case Cause::failed_load:
      return "failed_load";
  }
  return "?";
}

std::string to_text(const DeterminismReport& report) {
  if (!report.refused.empty()) return "not run: " + report.refused + "\n";
  std::string text = report.passed() ? "deterministic" : "not deterministic";
  text += ": " + std::to_string(report.operations) + " operations, " + std::to_string(report.runs) +
          " runs, seed " + std::to_string(report.seed) + "\n";
  for (const Difference& difference : report.differences) text += text_of(difference);
  for (const std::string& part : report.not_varied) text += "- not varied: " + part + "\n";
  return text;
}

}  // namespace pbft::testing
