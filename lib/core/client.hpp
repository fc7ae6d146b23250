// core::Client: the client's half of the protocol (OSDI'99 4.1), as a function from inputs to outputs.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "core/crypto.hpp"
#include "core/io.hpp"
#include "core/quorum.hpp"
#include "pbft/limits.hpp"

namespace pbft::core {

/// Encodes and signs a draft. Pure: Ed25519 is deterministic.
class RequestSealer {
 public:
  virtual ~RequestSealer() = default;
  virtual RequestPtr seal(const RequestDraft& draft) const = 0;
};

struct ClientConfig {
  ClientId id;
  std::uint32_t replicas = 4;
  AgreedLimits agreed;
  ClientLimits limits;
  std::uint64_t seed = 0;          ///< Of the generator that draws which requests go to all at once.
  RequestNumber incarnation;       ///< Higher than that of every earlier process with this key: wall-clock us.
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
struct ClientLinkUp {
  ReplicaId peer;
};
struct ClientTimerFired {};
struct CancelAll {};  ///< The client stops: every outstanding operation ends as `stopped`.
using ClientEvent = std::variant<Submit, FromReplicaReply, ClientLinkUp, ClientTimerFired, CancelAll>;
struct ClientInput {
  Now now;
  ClientEvent event;
};

struct SendRequest {
  std::vector<ReplicaId> to;
  MessagePtr message;  ///< Holds a RequestMessage.
};
enum class Completion : std::uint8_t { ok, timed_out, overloaded, rejected, stopped };
struct Completed {
  std::uint64_t ticket;
  Completion completion;
  Bytes result;          ///< With ok.
  Outcome outcome;       ///< With rejected: why.
};
struct SetClientTimer {
  Instant at;
};
struct CancelClientTimer {};
using ClientOutput = std::variant<SendRequest, Completed, SetClientTimer, CancelClientTimer>;
using ClientOutputs = std::vector<ClientOutput>;

class Client {
 public:
  Client(ClientConfig config, const Crypto& crypto, const RequestSealer& sealer);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// Sends the open request: nothing else leaves before f+1 replicas have answered it.
  void start(Now now, ClientOutputs& out);
  void step(ClientInput input, ClientOutputs& out);

  View believed_view() const;       ///< The (f+1)-th highest reported.
  std::size_t outstanding() const;  ///< Submitted and not completed.
  void invariants() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pbft::core
