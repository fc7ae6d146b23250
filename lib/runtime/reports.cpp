#include "runtime/reports.hpp"

#include <algorithm>

namespace pbft::runtime {

namespace {

// An image of more bytes than this (a view change) would fill the log: its beginning must do.
constexpr std::size_t max_image_bytes = 512;

std::string text_of(std::uint64_t number) { return std::to_string(number); }
std::string short_text(const Digest& digest) { return to_hex(digest.bytes).substr(0, 16); }
std::string signed_text(const Bytes& image, const core::Signature& signature) {
  const std::size_t shown = std::min(image.size(), max_image_bytes);
  return to_hex(BytesView(image).first(shown)) + (shown < image.size() ? "..." : "") + " signed " +
         to_hex(signature.bytes);
}

const char* name_of(core::Statement statement) {
  switch (statement) {
    case core::Statement::request:
      return "request";
    case core::Statement::pre_prepare:
      return "pre-prepare";
    case core::Statement::prepare:
      return "prepare";
    case core::Statement::commit:
      return "commit";
    case core::Statement::checkpoint:
      return "checkpoint";
    case core::Statement::view_change:
      return "view change";
    case core::Statement::new_view:
      return "new view";
  }
  return "unknown";
}

struct Teller {
  const core::Quorums& quorums;

  Line operator()(const core::Rejected& report) const {
    return {LogLevel::debug, std::string("refused a message: ") + core::name_of(report.reason)};
  }
  Line operator()(const core::ViewEntered& report) const {
    return {LogLevel::info, "entered view " + text_of(report.view.value) + ", its primary is replica " +
                                text_of(quorums.primary(report.view).value)};
  }
  Line operator()(const core::ViewChangeStarted& report) const {
    return {LogLevel::warning, "asks for view " + text_of(report.view.value) + ": " + report.why};
  }
  Line operator()(const core::CheckpointStable& report) const {
    return {LogLevel::debug,
            "checkpoint " + text_of(report.seq.value) + " is stable, state " + short_text(report.state)};
  }
  Line operator()(const core::Evidence& report) const {
    return {LogLevel::error, "evidence against replica " + text_of(report.culprit.value) +
                                 ": two statements (" + name_of(report.statement) +
                                 ") that no correct replica makes both: " +
                                 signed_text(report.first_image, report.first_signature) + " and " +
                                 signed_text(report.second_image, report.second_signature)};
  }
  Line operator()(const core::Diverged& report) const {
    return {LogLevel::error,
            "the state after batch " + text_of(report.seq.value) + " is " + short_text(report.ours) +
                " here and " + short_text(report.theirs) +
                " at a quorum of replicas: this replica answers no more. Either its state machine is not "
                "deterministic, or its memory was damaged"};
  }
  Line operator()(const core::StateNeeded& report) const {
    return {LogLevel::warning,
            "executed up to batch " + text_of(report.executed.value) +
                ", and the others keep nothing before " + text_of(report.stable.value) +
                " any more: this replica cannot follow, and counts as one of the f faulty ones until the "
                "whole cluster starts again"};
  }
};

}  // namespace

Line line_of(const core::Report& report, const core::Quorums& quorums) {
  return std::visit(Teller{quorums}, report);
}

}  // namespace pbft::runtime
