// core::Client: the client's half of the protocol (OSDI'99 4.1), as a function from inputs to outputs.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "core/crypto.hpp"
#include "core/io.hpp"
#include "core/quorum.hpp"
#include "core/request_sealer.hpp"
#include "pbft/limits.hpp"

namespace pbft::core {

struct ClientConfig {
  ClientId id;
  std::uint32_t replicas = 4;
  AgreedLimits agreed;
  ClientLimits limits;
  bool use_tags = false;   ///< Instead of signatures, where nothing speaks against it.
  std::uint64_t seed = 0;  ///< Of the generator that draws which requests go to all at once.
  /// Wall-clock microseconds, so higher than that of every earlier process with this key; where it is not
  /// (the clock went back) the replicas say what is, and the client opens again above that.
  RequestNumber incarnation;
};

enum class ClientTimer : std::uint8_t { retry = 0 };

/// `ticket` is the caller's own name for an operation.
struct Submit {
  struct Item {
    std::uint64_t ticket;
    Bytes body;
    bool read_only = false;
  };
  std::vector<Item> items;
};
struct FromReplicaReply {
  ReplicaId link;  ///< Authenticated.
  Reply reply;
};
struct FromReplicaQueryReply {
  ReplicaId link;  ///< Authenticated.
  QueryReply reply;
};
struct ClientLinkUp {
  ReplicaId peer;
};
struct ClientLinkDown {
  ReplicaId peer;
};
struct ClientTimerFired {};
struct CancelAll {};  ///< The client stops: every outstanding operation ends as `stopped`.
using ClientEvent = std::variant<Submit, FromReplicaReply, FromReplicaQueryReply, ClientLinkUp,
                                 ClientLinkDown, ClientTimerFired, CancelAll>;
struct ClientInput {
  Now now;
  ClientEvent event;
};

struct SendRequest {
  std::vector<ReplicaId> to;
  MessagePtr message;  ///< Holds a RequestMessage or a Query.
};
enum class Completion : std::uint8_t {
  ok,
  timed_out,   ///< Outcome unknown: executes at most once, maybe later.
  overloaded,  ///< Timed out, and f+1 replicas had no room for it. A replica that refused once may have
               ///< accepted a copy since, so the outcome is as unknown as with timed_out.
  rejected,    ///< f+1 replicas give `outcome` instead of a result. Executed: result_too_large, result_gone.
               ///< Not executed: number_reused, stale_incarnation. Unknown: number_void (not from now on),
               ///< invalid (not unless a faulty primary orders it all the same).
  stopped,
};
struct Completed {
  std::uint64_t ticket;
  Completion completion;
  Bytes result;     ///< With ok.
  Outcome outcome;  ///< With rejected: why.
};
struct SetClientTimer {
  Instant at;
};
struct CancelClientTimer {};
using ClientOutput = std::variant<SendRequest, Completed, SetClientTimer, CancelClientTimer>;
using ClientOutputs = std::vector<ClientOutput>;

/// Operations that wait travel together: at most max_requests_in_flight signed requests are unanswered, and
/// what is submitted meanwhile gathers for the next one. A request goes to the primary that f+1 replicas
/// report, a random share at once to all, at least one a second, and after retry_timeout everything
/// unanswered to all, with doubling pauses. With use_tags a request goes to the primary with tags; what goes
/// to all is signed, so that everybody can check it, and after a retry everything is signed for a while. An
/// operation that timed out is abandoned: lowest_unanswered passes its number, and the window moves.
///
/// Reads do not wait for their place in the order: they go to all replicas at once, and a quorum of equal
/// answers decides. As soon as there can be none, or after retry_timeout, a read is ordered like an
/// operation.
///
/// When f+1 replicas say that a number of ours is void, another process with our key has opened after us:
/// what is outstanding ends by the replicas' answers, what was not sent yet, and all that is submitted later,
/// is rejected with Outcome::stale_incarnation.
class Client {
 public:
  Client(ClientConfig config, const Crypto& crypto, const RequestSealer& sealer);
  ~Client();

  /// Sends the open request: nothing else leaves before f+1 replicas have answered it.
  void start(Now now, ClientOutputs& out);
  void step(ClientInput input, ClientOutputs& out);

  View believed_view() const;             ///< The (f+1)-th highest reported.
  bool is_open() const;                   ///< f+1 replicas have answered the open request.
  std::size_t outstanding() const;        ///< Submitted and not completed.
  std::uint64_t ordered_queries() const;  ///< Reads that had to be ordered, so far.
  void invariants() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pbft::core
