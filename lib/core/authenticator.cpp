#include "core/authenticator.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/images.hpp"

namespace pbft::core {

namespace {

using Refused = std::optional<Rejection>;

/// One member per kind of message. What hangs behind a pointer is immutable: to fill in a derived field the
/// message gets a new value that shares the requests.
class Checks {
 public:
  Checks(const Crypto& crypto, const Quorums& quorums, const std::optional<Identity>& link)
      : crypto_(crypto), quorums_(quorums), link_(link) {}

  Refused operator()(RequestMessage& message) const {
    const Request& request = *message.request;
    if (request.proof == Proof::tags) {
      const Tag* ours = crypto_.ours(request.tags);
      return ours && holds(*ours, request) ? Refused() : Rejection::wrong_tag;
    }
    if (!verifies(request)) return Rejection::bad_signature;
    return std::nullopt;
  }
  Refused operator()(Introduction& message) const {
    for (Introduction::Item& item : message.items) item.authentic = holds(item.tag, *item.request);
    return std::nullopt;
  }
  Refused operator()(PrePrepare& message) const {
    const ReplicaId primary = quorums_.primary(message.header.view);
    const Refused refused =
        check(Statement::pre_prepare, primary, image_of(message.header), message.signature);
    if (!refused && message.body) judge_requests(message.body);
    return refused;
  }
  Refused operator()(Prepare& message) const { return check(Statement::prepare, message); }
  Refused operator()(Commit& message) const {
    if (link_ != Identity(message.sender)) return check(Statement::commit, message);
    message.is_signed = Vote::Signed::unchecked;
    return std::nullopt;
  }
  Refused operator()(Checkpoint& message) const {
    return check(Statement::checkpoint, message.sender, checkpoint_image(message.seq, message.state),
                 message.signature);
  }
  Refused operator()(ViewChangePtr& message) const {
    const Refused refused =
        check(Statement::view_change, message->sender, image_of(*message), message->signature);
    if (refused) return refused;
    auto complete = std::make_shared<ViewChange>(*message);
    complete->digest = view_change_digest(crypto_, *message);
    message = std::move(complete);
    return std::nullopt;
  }
  Refused operator()(NewViewPtr& message) const {
    return check(Statement::new_view, quorums_.primary(message->view), image_of(*message),
                 message->signature);
  }
  Refused operator()(BodyMessage& message) const {
    judge_requests(message.body);
    return std::nullopt;
  }
  // Claims, authenticated by the link that they come on; a proof carries its own signatures, as complaints
  // do.
  Refused operator()(CheckpointProof&) const { return std::nullopt; }
  Refused operator()(Complaints&) const { return std::nullopt; }
  Refused operator()(Reply&) const { return std::nullopt; }
  Refused operator()(Status&) const { return std::nullopt; }
  Refused operator()(FetchBody&) const { return std::nullopt; }
  Refused operator()(FetchViewChange&) const { return std::nullopt; }
  Refused operator()(FetchState&) const { return std::nullopt; }
  Refused operator()(StateBlock&) const { return std::nullopt; }
  Refused operator()(Query&) const { return std::nullopt; }
  Refused operator()(QueryReply&) const { return std::nullopt; }
  Refused operator()(Vouch&) const { return std::nullopt; }

 private:
  Refused check(Statement statement, ReplicaId signer, BytesView image, const Signature& signature) const {
    if (signer.value >= quorums_.n()) return Rejection::unknown_replica;
    if (!crypto_.verify(statement, signer, image, signature)) return Rejection::bad_signature;
    return std::nullopt;
  }
  Refused check(Statement statement, const Vote& vote) const {
    return check(statement, vote.sender, image_of(vote.header), vote.signature);
  }
  bool holds(const Tag& tag, const Request& request) const {
    return crypto_.holds(tag, request.client, request.digest);
  }
  bool verifies(const Request& request) const {
    return crypto_.verify(Statement::request, signer_of(request.client), request.payload, request.signature);
  }
  /// A request that is not authentic does not condemn the message: its digest may be vouched for by others.
  void judge_requests(BodyPtr& body) const {
    const bool authentic = std::all_of(
        body->requests.begin(), body->requests.end(),
        [&](const RequestPtr& request) { return request->proof != Proof::signature || verifies(*request); });
    if (body->requests_authentic == authentic) return;
    auto judged = std::make_shared<Body>(*body);
    judged->requests_authentic = authentic;
    body = std::move(judged);
  }

  const Crypto& crypto_;
  const Quorums& quorums_;
  const std::optional<Identity>& link_;
};

}  // namespace

std::variant<AuthenticMessage, Rejection> Authenticator::authenticate(Message message,
                                                                      std::optional<Identity> link) const {
  const Refused refused = std::visit(Checks(crypto_, quorums_, link), message);
  if (refused) return *refused;
  return AuthenticMessage(std::move(message));
}

}  // namespace pbft::core
