// A client's parts, joined: calls -> core -> links, and back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/client.hpp"
#include "crypto/sodium.hpp"
#include "net/links.hpp"
#include "pbft/client.hpp"
#include "runtime/logger.hpp"
#include "runtime/loop.hpp"
#include "runtime/rejections.hpp"
#include "wire/codec.hpp"

namespace pbft {

/// Everything without a comment on its thread belongs to the loop.
class Client::Impl : public std::enable_shared_from_this<Impl> {
 public:
  /// REQUIRES: `config` has no faults and `key` belongs to it.
  static Result<std::shared_ptr<Impl>> start(const ClusterConfig& config, const ClientKey& key,
                                             const ClientOptions& options);

  /// Any thread but the loop's. Until f+1 replicas have answered; on error it says who did not and why.
  Result<void> wait_open();
  Result<Bytes> invoke(BytesView operation, bool read_only);              ///< Any thread but the loop's.
  void invoke_async(BytesView operation, bool read_only, Callback done);  ///< Any thread.
  View view() const { return View{view_.load()}; }                        ///< Any thread.
  void stop();                                                            ///< Any thread.

 private:
  struct Call {
    Bytes operation;
    bool read_only;
    Callback done;
  };
  struct Answer {
    Callback done;
    Result<Bytes> result;
  };

  Impl(const ClusterConfig& config, const ClientKey& key, const ClientOptions& options,
       std::unique_ptr<runtime::Loop> loop);
  core::ClientConfig core_config() const;
  net::LinksConfig links_config(const ClusterConfig& config, const ClientKey& key) const;
  net::LinksEvents links_events();
  void begin();
  void close_links();
  void on_up(const net::Peer& peer);
  void on_down(const net::Peer& peer);
  void on_refused(const net::Refused& refused);
  void on_frame(const net::Peer& from, BytesView frame);
  void feed(core::ClientEvent event);  ///< Dropped once the calls have ended.
  void step(core::ClientEvent event);
  void perform_outputs();
  void perform(core::SendRequest& output);
  void perform(core::Completed& output);
  void perform(core::SetClientTimer& output);
  void perform(core::CancelClientTimer& output);
  void give_answers() noexcept;

  // ---- client_calls.cpp ---------------------------------------------------------------------------------
  void take_calls();
  void end_calls();
  bool is_hopeless() const;          ///< Too few replicas can ever answer. REQUIRES: mutex_ is held.
  std::string reachability() const;  ///< "3 of 4 replicas are connected; ...". REQUIRES: mutex_ is held.

  const ClientId id_;
  const core::Quorums quorums_;
  const AgreedLimits agreed_;
  const ClientOptions options_;
  runtime::Logger log_;
  std::unique_ptr<runtime::Loop> loop_;
  const std::shared_ptr<const crypto::KeyRing> ring_;
  const crypto::SodiumCrypto crypto_;
  const wire::DecodeLimits wire_limits_;
  const wire::Sealer sealer_;
  core::Client core_;
  runtime::Timer& retry_;
  std::unique_ptr<net::Links> links_;
  runtime::Rejections rejections_;

  core::ClientOutputs outputs_;  ///< Of the step that is running.
  std::uint64_t next_ticket_ = 0;
  std::map<std::uint64_t, Callback> outstanding_;  ///< By ticket.
  std::deque<Answer> answers_;                     ///< To be given once the step is over.
  bool was_open_ = false;
  bool ended_ = false;  ///< end_calls() ran.
  bool closing_ = false;
  std::atomic<std::uint64_t> view_ = 0;

  std::mutex mutex_;  ///< Of what follows.
  std::vector<Call> calls_;
  bool stopped_ = false;  ///< No call is taken any more.
  bool open_ = false;
  std::set<ReplicaId> up_;
  std::set<ReplicaId> answered_;               ///< Since the start.
  std::map<ReplicaId, net::Refused> refused_;  ///< Why there is no link, as last heard.
  std::condition_variable opening_changed_;    ///< open_ or refused_.
};

}  // namespace pbft
