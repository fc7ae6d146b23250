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
    case core::Statement::complaint:
      return "complaint";
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
    return {
        LogLevel::error,
        "the state after batch " + text_of(report.seq.value) + " is " + short_text(report.ours) +
            " here and " + short_text(report.theirs) +
            " at a quorum of replicas: this replica answers no more until it has taken theirs. Either its "
            "state machine is not deterministic, or its memory was damaged"};
  }
  Line operator()(const core::Repaired& report) const {
    std::string text = "the agreed state after batch " + text_of(report.seq.value) +
                       " is in the place of the one that differed";
    if (const auto& differs = report.difference) {
      text += "; the first difference lies in bytes " + text_of(differs->from) + " to " +
              text_of(differs->to) + " (chunk " + text_of(differs->chunk) +
              ") of what StateMachine::save wrote";
    }
    return {LogLevel::warning, text + "; clients get answers again from the batches after the old position"};
  }
  Line operator()(const core::NoAgreement& report) const {
    return {LogLevel::error,
            "the replicas disagree about the state after batch " + text_of(report.seq.value) +
                " in so many ways that no quorum can agree on it: this replica signs nothing any more. The "
                "state machine is not deterministic: the outcome of an operation may depend on the state and "
                "the arguments alone"};
  }
  Line operator()(const core::StateNeeded& report) const {
    return {LogLevel::info, "executed up to batch " + text_of(report.executed.value) +
                                "; collects the state after batch " + text_of(report.target.value) +
                                " from the other replicas"};
  }
  Line operator()(const core::StateTaken& report) const {
    return {LogLevel::info, "has the state after batch " + text_of(report.seq.value) + ": " +
                                text_of(report.blocks) + " blocks with " + text_of(report.bytes) +
                                " bytes came from others, the rest was here"};
  }
  Line operator()(const core::DonorDropped& report) const {
    return {LogLevel::warning,
            "replica " + text_of(report.donor.value) +
                " sent no block of the state that it was asked for, or something else: this "
                "transfer goes on without it"};
  }
  Line operator()(const core::Observing& report) const {
    return {LogLevel::warning,
            "observes: its data is lost, so it follows without voting or answering, counts among the " +
                text_of(quorums.f()) + " that may fail, and asks to vote again as incarnation " +
                text_of(report.incarnation)};
  }
  Line operator()(const core::RejoinRefused& report) const {
    return {
        LogLevel::error,
        "never votes as incarnation " + text_of(report.incarnation) + ": incarnation " +
            text_of(report.later) +
            " of this replica was ordered. Either another process runs with this key, or the clock was set "
            "back: stop the other process, mend the clock, remove this data directory and start again"};
  }
  Line operator()(const core::Rejoined& report) const {
    return {LogLevel::info, "votes again, from batch " + text_of(report.seq.value) + " on"};
  }
  Line operator()(const core::TooManyObservers& report) const {
    return {LogLevel::error,
            text_of(report.observers) + " replicas say that they have lost their data, of " +
                text_of(quorums.n()) + " of which at most " + text_of(quorums.f()) +
                " may: nothing can be ordered until enough of them have their data directories back"};
  }
  Line operator()(const core::Complaining& report) const {
    const std::string what = report.unfair ? "passes over a client, at last by " : "is slow, at last by ";
    return {LogLevel::warning, "complains about replica " + text_of(quorums.primary(report.view).value) +
                                   ", the primary of view " + text_of(report.view.value) + ": it " + what +
                                   text_of(static_cast<std::uint64_t>(report.late.count())) + " us, where " +
                                   text_of(static_cast<std::uint64_t>(report.allowed.count())) +
                                   " us are allowed; a quorum of complaints replaces it"};
  }
  Line operator()(const core::StaleCopy& report) const {
    const std::string where = report.seq.value == 0 ? "" : ", batch " + text_of(report.seq.value);
    return {
        LogLevel::error,
        std::string("another replica shows a ") + name_of(report.statement) + " (view " +
            text_of(report.view.value) + where +
            ") that is signed by this one and not in its log: the data directory is an old copy, or another "
            "process runs with this key. This replica signs nothing any more: stop the other process, "
            "remove the data directory and start again"};
  }
};

}  // namespace

Line line_of(const core::Report& report, const core::Quorums& quorums) {
  return std::visit(Teller{quorums}, report);
}

}  // namespace pbft::runtime
