// What a correct replica must never sign, watched at its output.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "core/io.hpp"
#include "pbft/limits.hpp"

namespace pbft::sim {

/// Of one correct replica, over all of its lives: no two statements of one kind for one place, no vote for a
/// view that it has left, nothing before what it follows from is durable, and nothing lost of what was. Every
/// member throws Violation.
class Promises {
 public:
  Promises(ReplicaId self, std::uint32_t replicas, const AgreedLimits& agreed)
      : self_(self), replicas_(replicas), window_(agreed.window()) {}
  void on_durable(const core::Record& record);
  void on_snapshot(SeqNum seq, const Digest& state);
  void on_send(const core::Message& message);
  /// Another process starts, and this is what its disk tells.
  void on_restored(const core::Restored& past);
  /// It votes again, above `from`: all that was signed before the data was lost lies at or below. Not what
  /// was signed since: a restart between that and its durable checkpoint makes it rejoin once more.
  void on_rejoined(SeqNum from);
  /// Nothing is durable any more, and nothing is signed before on_rejoined(). What was signed stays signed,
  /// but for ViewChanges: those of an earlier
  /// incarnation are void.
  void on_data_lost(std::uint64_t incarnation);

  // ---- What it has said -----------------------------------------------------------------------------------
  bool observes() const { return observes_; }  ///< It has lost its data, and has not rejoined yet.
  bool has_proposed(const core::BatchHeader& header) const { return has_said(pre_prepared_, header); }
  bool has_prepared(const core::BatchHeader& header) const { return has_said(prepared_, header); }
  /// Or may do so without a message of its own, in a proof.
  bool has_vouched(SeqNum seq, const Digest& state) const;
  bool has_asked(const core::ViewChange& change) const;  ///< Signed, and maybe not sent yet.

 private:
  using Place = std::pair<View, SeqNum>;
  using Said = std::map<Place, Digest>;

  static bool has_said(const Said& said, const core::BatchHeader& header);
  void vote(Said& said, const core::BatchHeader& header, const char* what, bool in_new_view = false);
  void send_view_change(const core::ViewChange& change);
  void sign_new_view(const core::NewView& entered);
  void send_new_view(const core::NewView& entered);
  [[noreturn]] void broken(const std::string& what) const;

  ReplicaId self_;
  std::uint32_t replicas_;
  std::uint64_t window_;
  std::uint64_t incarnation_ = 0;
  bool observes_ = false;
  Said pre_prepared_, prepared_, committed_;
  std::map<SeqNum, Digest> checkpoints_;
  std::map<std::pair<std::uint64_t, View>, Digest> view_changes_;  // by incarnation
  std::set<Digest> asked_;  // the same of those that were durable once, sent or not
  std::map<View, Digest> new_views_;
  View left_;          // no new vote below this view
  SeqNum lost_votes_;  // what was signed before data was lost lies at or below

  // Durable here and now.
  bool started_ = false;
  SeqNum stable_, floor_;
  std::map<SeqNum, Digest> snapshots_;  // that were taken or installed; also those since discarded
  std::set<std::pair<Place, Digest>> certificates_;
  std::set<View> durable_view_changes_, durable_new_views_;
};

}  // namespace pbft::sim
