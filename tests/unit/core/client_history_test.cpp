// A client against replicas that execute one log at their own pace, over a network that loses, repeats and
// reorders, with f replicas that answer as they like.
#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "client_fixture.hpp"
#include "core/client.hpp"
#include "core/client_table.hpp"
#include "core/designated.hpp"

namespace pbft::core::test {

namespace {

constexpr ClientId self{7};

class World {
 public:
  World(std::uint64_t seed, std::uint32_t n)
      : random_(seed), quorums_(n), replicas_(n, Replica{ClientTable(limits(), {self}), 0, {}}) {
    start_client();
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      now_ += std::chrono::milliseconds(1);
      if (random_.one_in(3)) submit();
      if (random_.one_in(400)) start_client();  // without a word to the old process' operations
      move();
    }
  }
  /// The network is good from now on, the liars remain.
  void settle() {
    lossy_ = false;
    for (int step = 0; step < 20'000 && client_->outstanding() > 0; ++step) {
      now_ += std::chrono::milliseconds(1);
      move();
    }
    CHECK(client_->outstanding() == 0);
  }
  std::size_t completed() const { return completed_; }

 private:
  struct Replica {
    ClientTable table;
    std::size_t executed;
    std::map<std::string, std::string> state;
  };
  struct ToReplica {
    ReplicaId to;
    RequestMessage message;
  };
  struct ToClient {
    FromReplicaReply reply;
  };
  using Packet = std::variant<ToReplica, ToClient>;

  static AgreedLimits limits() {
    AgreedLimits limits;
    limits.client_window = 16;
    limits.max_request_operations = 5;
    return limits;
  }
  bool is_liar(ReplicaId replica) const { return replica.value < quorums_.f(); }

  void start_client() {
    ClientConfig config;
    config.id = self;
    config.replicas = quorums_.n();
    config.agreed = limits();
    config.limits.retry_timeout = std::chrono::milliseconds(20);
    config.limits.max_retry_timeout = std::chrono::milliseconds(100);
    config.limits.operation_timeout = std::chrono::hours(1);
    config.seed = random_.next();
    // One start in four with a clock that went back.
    incarnation_ += 1'000'000;
    config.incarnation = RequestNumber{random_.one_in(4) ? random_.below(incarnation_) : incarnation_};
    client_.emplace(config, crypto(), sealer());
    asked_.clear();
    deadline_.reset();
    ClientOutputs out;
    client_->start({now_, {}}, out);
    take(out);
  }

  void step_client(ClientEvent event) {
    ClientOutputs out;
    client_->step({{now_, {}}, std::move(event)}, out);
    client_->invariants();
    take(out);
  }

  void take(ClientOutputs& out) {
    for (ClientOutput& output : out) {
      if (auto* send = std::get_if<SendRequest>(&output)) {
        for (ReplicaId to : send->to) {
          network_.push_back(ToReplica{to, std::get<RequestMessage>(*send->message)});
        }
      } else if (auto* done = std::get_if<Completed>(&output)) {
        const std::string body = asked_.at(done->ticket);
        REQUIRE(done->completion == Completion::ok);
        REQUIRE(results_.contains(body));
        CHECK(to_text(BytesView(done->result)) == results_.at(body));
        CHECK(asked_.erase(done->ticket) == 1);
        ++completed_;
      } else if (auto* timer = std::get_if<SetClientTimer>(&output)) {
        deadline_ = timer->at;
      } else {
        deadline_.reset();
      }
    }
  }

  void submit() {
    Submit submit;
    for (std::uint64_t left = 1 + random_.below(3); left > 0; --left) {
      const std::uint64_t ticket = next_ticket_++;
      const std::string body = "op" + std::to_string(ticket) + std::string(random_.below(200), 'x');
      asked_.emplace(ticket, body);
      submit.items.push_back({ticket, to_bytes(body), false});
    }
    step_client(std::move(submit));
  }

  void move() {
    if (deadline_ && *deadline_ <= now_) {
      deadline_.reset();
      step_client(ClientTimerFired{});
    }
    for (int moves = 0; moves < 12; ++moves) {
      if (!network_.empty()) deliver_one();
      const ReplicaId replica{static_cast<std::uint32_t>(random_.below(quorums_.n()))};
      if (!lossy_ || random_.one_in(2)) execute_next(replica);
    }
  }

  void deliver_one() {
    const std::size_t at = random_.below(network_.size());
    Packet packet = network_[at];
    const bool repeated = lossy_ && random_.one_in(8);
    if (!repeated) {
      std::swap(network_[at], network_.back());
      network_.pop_back();
    }
    if (lossy_ && random_.one_in(5)) return;
    if (auto* request = std::get_if<ToReplica>(&packet)) {
      on_request(request->to, request->message);
    } else {
      step_client(std::move(std::get<ToClient>(packet).reply));
    }
  }

  void on_request(ReplicaId replica, const RequestMessage& message) {
    const RequestPtr& request = message.request;
    if (is_liar(replica)) return lie(replica, *request);
    // Whoever hears of it has it ordered, if it likes twice.
    ClientTable& table = replicas_[replica.value].table;
    if (!table.is_done(*request) && table.in_window(*request)) log_.push_back(request);
    answer(replica, *request, message.attempt);
  }

  void execute_next(ReplicaId id) {
    Replica& replica = replicas_[id.value];
    if (replica.executed == log_.size()) return;
    const RequestPtr request = log_[replica.executed++];
    for (const auto& verdict : replica.table.begin(*request, {SeqNum{replica.executed}, {}}, crypto())) {
      const std::string body = to_text(request->items[verdict.item].body);
      REQUIRE(!replica.state.contains(body));  // exactly once
      const std::string result = std::to_string(replica.state.size()) + " " + body;
      replica.state.emplace(body, result);
      CHECK(results_.emplace(body, result).first->second == result);
      replica.table.finish(self, verdict.number, to_bytes(result));
    }
    if (is_liar(id)) {
      lie(id, *request);
    } else {
      answer(id, *request, 0);
    }
  }

  void answer(ReplicaId replica, const Request& request, std::uint32_t attempt) {
    Reply reply{Epoch{}, View{}, self, replicas_[replica.value].table.answers(request, crypto())};
    if (reply.items.empty()) return;
    for (ReplyItem& item : reply.items) {
      const Bytes& whole = std::get<Bytes>(item.result);
      if (whole.size() > 64 && designated_replica(item.number, attempt, quorums_.n()) != replica) {
        item.result = Digest(result_digest(crypto(), whole));
      }
    }
    network_.push_back(ToClient{{replica, std::move(reply)}});
  }

  void lie(ReplicaId replica, const Request& request) {
    Reply reply{Epoch{random_.below(2)}, View{random_.next()}, self,
                replicas_[replica.value].table.answers(request, crypto())};
    for (std::size_t i = 0; i < request.items.size(); ++i) {
      const RequestNumber number{request.first.value + i};
      reply.items.push_back({number, operation_digest(crypto(), self, number, false, request.items[i].body),
                             static_cast<Outcome>(random_.below(8)), Bytes(random_.below(100), 'l')});
    }
    if (request.kind == RequestKind::open) {
      reply.items.push_back({request.first, open_digest(crypto(), self, request.first),
                             static_cast<Outcome>(random_.below(8)),
                             Bytes(8, static_cast<std::uint8_t>(random_.next()))});
    }
    for (ReplyItem& item : reply.items) {
      if (random_.one_in(3)) item.outcome = static_cast<Outcome>(random_.below(8));
      if (random_.one_in(3)) item.result = Digest{};
      if (random_.one_in(6)) item.number = RequestNumber{random_.next()};
    }
    network_.push_back(ToClient{{replica, std::move(reply)}});
  }

  Random random_;
  Quorums quorums_;
  std::vector<Replica> replicas_;
  std::vector<RequestPtr> log_;
  std::vector<Packet> network_;
  bool lossy_ = true;
  Instant now_{};

  std::optional<Client> client_;
  std::optional<Instant> deadline_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t next_ticket_ = 1;
  std::map<std::uint64_t, std::string> asked_;  ///< Outstanding at the present process.
  std::map<std::string, std::string> results_;  ///< By body: what executing it gave.
  std::size_t completed_ = 0;
};

}  // namespace

TEST_CASE(
    "client: every operation executes once and returns its own result, through loss, lies and restarts") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    World world(seed, seed % 3 == 0 ? 7 : 4);
    world.run(1500);
    world.settle();
    CHECK(world.completed() > 100);
  }
}

}  // namespace pbft::core::test
