// What the faulty replica says instead: nothing that others could tell from an honest mistake at a glance.
#include <optional>
#include <utility>

#include "explore/state.hpp"

namespace pbft::explore {

namespace {

/// Says of the null batch what was said of another one; of its past, that it knows of no certificate.
class Liar {
 public:
  Liar(const Cast& cast, ReplicaId self) : forger_(cast.forger), null_(forger_.null_body()), self_(self) {}

  template <class T>
  std::optional<core::Message> operator()(const T&) const {
    return std::nullopt;
  }
  std::optional<core::Message> operator()(const core::PrePrepare& message) const {
    if (message.header.digest == null_->digest) return std::nullopt;
    return forger_.pre_prepare(null(message.header), null_);
  }
  std::optional<core::Message> operator()(const core::Prepare& message) const {
    if (message.header.digest == null_->digest) return std::nullopt;
    return forger_.prepare(self_, null(message.header));
  }
  std::optional<core::Message> operator()(const core::Commit& message) const {
    if (message.header.digest == null_->digest) return std::nullopt;
    return forger_.commit(self_, null(message.header));
  }
  std::optional<core::Message> operator()(const core::ViewChangePtr& message) const {
    if (message->prepared.empty()) return std::nullopt;
    core::ViewChange forgetful = *message;
    forgetful.prepared.clear();
    return forger_.view_change(std::move(forgetful));
  }
  std::optional<core::Message> operator()(const core::NewViewPtr& message) const {
    core::NewView entered = *message;
    bool changed = false;
    for (core::NewView::Header& header : entered.headers) {
      changed = changed || header.digest != null_->digest;
      header.digest = null_->digest;
    }
    if (!changed) return std::nullopt;
    return forger_.new_view(std::move(entered));
  }

 private:
  core::BatchHeader null(core::BatchHeader header) const {
    header.digest = null_->digest;
    return header;
  }

  const sim::Forger& forger_;
  core::BodyPtr null_;
  ReplicaId self_;
};

}  // namespace

std::shared_ptr<const Letter> State::lie_of(const Letter& letter) const {
  const auto lie = std::visit(Liar(*cast_, std::get<ReplicaId>(letter.from)), letter.message.get());
  return lie ? make_letter(*cast_, letter.from, *lie) : nullptr;
}

}  // namespace pbft::explore
