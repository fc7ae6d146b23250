// What a correct replica must never sign, watched at its output.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "core/io.hpp"

namespace pbft::sim {

/// Of one correct replica: no two statements of one kind for one place, no vote for a view that it has left,
/// and nothing before what it follows from is durable. Every member throws Violation.
class Promises {
 public:
  explicit Promises(ReplicaId self, std::uint32_t replicas) : self_(self), replicas_(replicas) {}
  void on_durable(const core::Record& record);
  void on_send(const core::Message& message);

 private:
  using Place = std::pair<View, SeqNum>;
  using Said = std::map<Place, Digest>;

  void vote(Said& said, const core::BatchHeader& header, const char* what);
  [[noreturn]] void broken(const std::string& what) const;

  ReplicaId self_;
  std::uint32_t replicas_;
  Said pre_prepared_, prepared_, committed_;
  std::map<SeqNum, Digest> checkpoints_;
  std::map<View, Digest> view_changes_;
  std::map<View, Digest> new_views_;
  std::set<std::pair<Place, Digest>> durable_certificates_;
  std::set<View> durable_view_changes_, durable_new_views_;
  View left_;  // no new vote below this view
};

}  // namespace pbft::sim
