// The state behind core::Replica and its handlers, which are spread over replica_*.cpp by theme.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/checkpoint_votes.hpp"
#include "core/client_table.hpp"
#include "core/held_reads.hpp"
#include "core/lobby.hpp"
#include "core/mutants.hpp"
#include "core/replica.hpp"
#include "core/request_pool.hpp"
#include "core/slot.hpp"
#include "core/state_transfer.hpp"
#include "core/suspicion.hpp"
#include "core/vouched.hpp"

namespace pbft::core {

struct Replica::Impl {
  /// A NewView on its way to being accepted.
  struct Candidate {
    NewViewPtr new_view;
    std::vector<ViewChangePtr> sources;  ///< In the order of new_view->sources; null while missing.
    std::optional<std::uint64_t> asked;  ///< Round of fetching in which the missing ones were asked for.
  };
  /// How often our ViewChange went to a peer that we know nothing of.
  struct Resent {
    View view;
    std::uint64_t next_tick = 0, gap = 1;
  };

  Impl(ReplicaConfig config, const Crypto& crypto, const RequestSealer& sealer);

  // ---- replica.cpp: routing, outputs, timers ------------------------------------------------------------
  void dispatch(Event& event);
  void on_peer_message(ReplicaId link, Message&& message);
  void on_timer(Timer timer);
  void update_timers();
  void arm(Timer timer, std::optional<Instant> at);
  void send(ReplicaId to, Message message);
  void broadcast(Message message);
  void reject(const Identity& from, Rejection reason);
  void report(Report what) { out->push_back(std::move(what)); }
  /// Emits the record; `then` runs when it is durable.
  void persist(Record record, std::function<void()> then);
  void accuse(Statement statement, ReplicaId culprit, const Bytes& first, const Signature& first_signature,
              const Bytes& second, const Signature& second_signature);

  // ---- replica_restart.cpp: what a past obliges to ------------------------------------------------------
  Result<void> restore(Restored past);
  Result<void> restore_state(const RestoredCheckpoint& checkpoint);
  Result<void> restore_prepared(PreparedRecord record);
  void begin();
  /// A peer shows us a vote of our own: a restart forgets prepares, which need no record.
  bool add_own_vote(VoteSet& votes, Statement statement, const Vote& vote);
  void on_own_view_change(const ViewChange& shown);
  void on_stale_copy(Statement statement, View at_view, SeqNum seq);
  /// An earlier process may have signed another digest for this place of the current view, and no record
  /// would show it.
  bool is_forgotten(SeqNum seq) const {
    return forgotten && forgotten->view == view && seq <= forgotten->through;
  }
  bool is_forgotten(SeqNum seq, const Slot& slot) const { return is_forgotten(seq) && !slot.reissued; }

  // ---- replica_rejoin.cpp: a replica without its data (docs/protocol.md, amnesia) -----------------------
  bool has_rejoined() const;
  void update_observing();
  void send_rejoin();
  void note_observer(ReplicaId peer, bool is_observing);
  /// The checkpoint from which on the replica that asked for this client's last open votes again; 0 if none
  /// did.
  SeqNum rejoined_at(ReplicaId replica) const;
  bool is_rejoin_too_early(ReplicaId replica) const;
  /// Such a checkpoint lies above `reached`: empty batches are to bring it about.
  bool wants_filling(SeqNum reached) const;
  void learn_incarnations();
  bool is_void(const ViewChange& message) const {
    return message.incarnation < incarnations[message.sender.value] && !mutated(Mutant::void_view_change);
  }
  /// Its incarnation is the one that the order holds.
  bool is_in_order(const ViewChange& message) const {
    return message.incarnation == table.opened(client_of(message.sender)).incarnation.value;
  }

  // ---- replica_transfer.cpp: state transfer -------------------------------------------------------------
  void consider_transfer();
  void turn_if_stalled();
  void begin_transfer();
  void pump_transfer();
  void on_state_wanted(const StateWanted& wanted);
  void on_state_collected(StateCollected&& done);
  void on_state_block(ReplicaId from, const StateBlock& message);
  void try_install();
  void end_transfer();
  void on_state_installed(const StateInstalled& done);
  bool adopt(SeqNum seq, const Digest& state, BytesView core);
  void on_fetch_state(ReplicaId from, const FetchState& fetch);
  void serve_blocks(ReplicaId to);
  void on_block_read(const BlockRead& read);
  void on_transfer_tick();
  void discard_snapshots();

  // ---- replica_requests.cpp: admission and proposals (OSDI'99 4.1, 4.2) ---------------------------------
  void on_request(const Identity& link, const RequestMessage& message);
  void reply_to(ClientId client, std::vector<ReplyItem> items, std::uint32_t attempt);
  void relay(const RequestPtr& request);
  void try_propose();

  // ---- replica_reads.cpp: reads that are not ordered (docs/protocol.md, reads) ---------------------------
  void on_query(ClientId client, Query&& query);
  void on_queries_answered(QueriesAnswered&& answered);
  void serve_reads();
  SeqNum promised_through() const;
  void decline(ClientId client, RequestNumber incarnation, const std::vector<Query::Item>& queries);
  void reply_to_queries(ClientId client, RequestNumber incarnation, std::vector<QueryReply::Item> items);
  // ---- replica_complaints.cpp: a primary that is slow, but not mute ---------------------------------------
  void watch(const Request& request);
  void note_proposal(Slot& slot, const Body& body);
  void charge_primary();
  bool is_pipeline_full() const;
  bool is_spaced(std::optional<Instant> last) const;
  void complain_if_late();
  void complain(const Suspicion::Grounds& grounds);
  void on_complaints(ReplicaId link, const Complaints& message);
  void leave_if_ousted();
  Complaints all_complaints() const;

  // ---- replica_foresight.cpp: what needs no signature checked ---------------------------------------------
  std::optional<Needless> foresee_request(const Identity& link, const Request& request) const;
  std::optional<Needless> foresee_vote(const Vote& vote, const VoteSet Slot::* votes, SeqNum late) const;
  std::optional<Needless> foresee_proposal(const PrePrepare& message) const;
  // ---- replica_introductions.cpp: requests with tags ----------------------------------------------------
  /// False: no room.
  bool take_tagged(const Identity& link, const RequestPtr& request);
  void introduce();
  void on_introduction(ReplicaId link, const Introduction& message);
  void on_vouch(ReplicaId link, const Vouch& message);
  bool is_proven(const Body& body) const;
  std::vector<RequestPtr> end_introductions();

  // ---- replica_ordering.cpp: the three phases (4.2) -----------------------------------------------------
  void on_pre_prepare(ReplicaId link, PrePrepare&& message);
  void accept_header(ReplicaId link, Slot& slot, PrePrepare&& message);
  void keep_body(ReplicaId link, Slot& slot, const BodyPtr& body);
  bool is_vouched_for(const Slot& slot, const Digest& digest) const;
  void on_prepare(ReplicaId link, const Prepare& vote);
  void on_commit(ReplicaId link, const Commit& vote);
  /// True if something new counts. Conflicting votes become evidence.
  bool add_vote(VoteSet& votes, Statement statement, ReplicaId link, const Vote& vote);
  /// Others can check it as well: if it was not, it is now.
  bool may_show(VoteSet& votes, Statement statement, const Vote& vote);
  bool are_proven(VoteSet& commits, const BatchHeader& header);
  void advance(Slot& slot, SeqNum seq);  ///< Everything that what is held now allows.
  bool may_prepare(Slot& slot, const BodyPtr& body);
  void send_prepare(Slot& slot);
  void make_certificate(Slot& slot, SeqNum seq, const BodyPtr& body);
  void send_commit(SeqNum seq, const BatchHeader& header);
  void find_committed(Slot& slot);
  void revisit_slots();

  // ---- replica_execution.cpp: execution and checkpoints (4.2, 4.3) --------------------------------------
  void try_execute();
  bool is_at_checkpoint() const;  ///< The executor is at a checkpoint's batch.
  void execute(SeqNum seq, const BodyPtr& body);
  void on_executed(Executed&& done);
  void on_snapshot(const SnapshotReady& ready);
  void on_checkpoint(ReplicaId link, const Checkpoint& vote);
  void on_checkpoint_proof(ReplicaId link, const CheckpointProof& proof);
  void on_stable(const CheckpointProof& proof);
  void on_diverged(SeqNum seq, const Digest& ours);
  void count_checkpoints(SeqNum seq);
  void persist_restraint();
  void discard();
  static void retire(Slot& slot);  ///< Keeps what proves and fills an executed batch.

  // ---- replica_views.cpp: view change (4.4) -------------------------------------------------------------
  void start_view_change(View to, const char* why);
  void on_view_change(ReplicaId link, ViewChangePtr message);
  void keep_view_change(ViewChangePtr view_change);
  void join_others();
  void try_new_view();
  void on_new_view(ReplicaId link, NewViewPtr message);
  void try_candidates();
  void offer_source(const ViewChangePtr& message);
  bool is_complete(Candidate& candidate);
  bool is_valid_new_view(const Candidate& candidate);
  bool is_offered(View later) const;  ///< A NewView for it is here and being checked or written.
  void enter_when_durable(NewViewPtr message, std::vector<ViewChangePtr> sources);
  ViewChangePtr find_view_change(ReplicaId sender, const Digest& digest) const;
  bool judge(const ViewChange& message);
  bool holds_bodies_of(const ViewChange& message);
  std::uint32_t left_for(
      View at_least) const;  ///< Replicas whose ViewChange asks for this view or a later one.

  // ---- replica_entry.cpp: what changes when a view is entered (4.4) --------------------------------------
  void enter_view(NewViewPtr message, std::vector<ViewChangePtr> sources);
  void reissue(const NewView& from);
  void return_requests(std::vector<RequestPtr> tagged);

  // ---- replica_repair.cpp: Status, bodies by digest -----------------------------------------------------
  void send_status(std::optional<ReplicaId> to, bool answer_wanted);
  void on_status(ReplicaId from, const Status& status);
  void repair_views(ReplicaId from, const Status& status);
  void repair_slots(ReplicaId from, const Status& status);
  void on_fetch_body(ReplicaId from, const FetchBody& fetch);
  void on_fetch_view_change(ReplicaId from, const FetchViewChange& fetch);
  void on_body(ReplicaId from, const BodyMessage& message);
  /// Asks one holder, another one in each round; `hint` has a bit for each replica that must hold it.
  void fetch_body(Slot& slot, SeqNum seq, const Digest& digest, std::uint64_t hint = 0);
  void repair_commits(ReplicaId from, Slot& slot, const Status::Slot& theirs, const Status& status);
  void repair_checkpoints(ReplicaId from, const Status& status);
  bool is_my_turn(std::uint64_t thing) const;  ///< To forward what others signed: about one replica a tick.
  bool spend(ReplicaId peer, std::size_t bytes);  ///< From the peer's budget until the next status tick.

  // ---- questions ----------------------------------------------------------------------------------------
  bool is_primary() const { return quorums.primary(view) == config.id; }
  bool may_propose() const {
    return is_primary() && may_vote() && !entering && !(forgotten && forgotten->view == view);
  }
  /// Whether anything may be signed at all that others count.
  bool may_sign() const { return started && !observing && !stale_copy && !no_agreement; }
  /// Never sign for a view once a later one was asked for.
  bool may_vote() const { return (pending == view || mutated(Mutant::votes_after_leaving)) && may_sign(); }
  bool is_answering() const { return may_answer && may_sign() && executed >= answer_from; }
  std::uint64_t window() const { return config.agreed.window(); }
  /// Both the proof and our own state of a checkpoint are durable before anything is signed more than a
  /// window above it: a restart must know what may have been signed, and who signs for a slot must know of
  /// every Rejoin that took effect below it.
  SeqNum vote_window_end() const {
    const SeqNum own = mutated(Mutant::window_without_snapshot) ? durable_stable : last_checkpoint;
    return SeqNum{std::min(durable_stable, own).value + window() * (mutated(Mutant::window_of_2l) ? 2 : 1)};
  }
  bool in_vote_window(SeqNum seq) const { return seq > stable.seq && seq <= vote_window_end(); }
  /// Wider than the vote window: others may be one checkpoint ahead of us (their proposals are kept), and
  /// what we have executed is kept for those behind us.
  bool in_store_window(SeqNum seq) const {
    return seq > discarded && (seq.value <= stable.seq.value + window() + config.agreed.checkpoint_interval ||
                               mutated(Mutant::store_unbounded));
  }
  Slot& slot_at(SeqNum seq);
  Slot* find_slot(SeqNum seq);
  void note_changed(SeqNum seq);
  void check_slot(SeqNum seq, const Slot& slot) const;
  bool proves(const VoteSet& commits, const Digest& committed) const;
  BodyPtr find_body(const Slot& slot, const Digest& digest) const;
  /// Bodies are held and fetched for the next batches only: a primary cannot fill the memory with far ones.
  bool in_reach(SeqNum seq) const { return seq.value <= dispatched.value + bodies_ahead; }
  static constexpr std::uint64_t bodies_ahead = 64;
  /// Below the stable checkpoint: so many checkpoint intervals, but beyond a quarter of one only up to so
  /// many bytes.
  static constexpr std::uint64_t retained_intervals = 16;
  static constexpr std::size_t retained_bytes = 16 * 1024 * 1024;
  Bytes core_state() const;
  /// The wait before a first primary is replaced.
  Duration base_timeout() const;
  static constexpr int usual_order_factor = 4;
  static constexpr int max_base_factor = 4;  ///< Of request_timeout, however long phases take.
  /// Shorter: when the link to the primary is broken, it may be gone.
  Duration timeout_without_link() const;
  static constexpr Duration min_timeout = std::chrono::milliseconds(100);
  static constexpr std::uint64_t usual_factor = 20;
  Instant wait_ends(Instant since) const;
  Duration revote_time() const;  ///< At most.
  void follow_revoting();
  void excuse_stall(Duration late);
  static constexpr Duration stall = std::chrono::milliseconds(20);
  /// The waits that are under way have lasted `by` less.
  void excuse(Duration by);
  static constexpr Duration revote_allowance =
      std::chrono::microseconds(500);  ///< At most, per slot and replica.
  bool is_stuck() const;
  bool is_behind() const { return dispatched < stable.seq; }  ///< Others have finished what we still execute.
  bool is_window_full() const { return dispatched >= vote_window_end(); }
  /// What we wait for is our own work: nobody else can be blamed, however long it takes.
  bool is_busy_itself() const {
    const bool is_writing = !snapshots_due.empty() || durable_stable < stable.seq;
    return is_behind() || transfer || is_at_checkpoint() || (is_window_full() && is_writing);
  }
  /// Nor while the window waits for the others' checkpoint. But not for ever: when they lack a quorum for
  /// what we have executed, only another view brings them on.
  bool is_excused() const {
    return is_busy_itself() || (full_since && now.monotonic - *full_since < full_window_factor * timeout);
  }
  static constexpr int full_window_factor = 4;
  std::optional<Instant> oldest_wait() const;

  ReplicaConfig config;
  const Crypto& crypto;
  const RequestSealer& sealer;
  const std::set<ClientId> admitted;  ///< Clients, and every replica as one.
  Quorums quorums;
  Now now;
  Outputs* out = nullptr;

  // Views. Invariant: view <= pending; a vote is signed only while they are equal.
  View view;            ///< Last entered: its NewView is durable here. Starts at 0.
  View pending;         ///< Highest asked for by an own ViewChange, or `view`.
  NewViewPtr new_view;  ///< Of `view`, kept for others; null in view 0.
  std::vector<ViewChangePtr> new_view_sources;
  std::map<ReplicaId, ViewChangePtr> view_changes;  ///< The highest of each replica, above `view`.
  /// The newest NewView above `view` of each primary, until its sources are here: a liar fills its own place
  /// only.
  std::map<ReplicaId, Candidate> candidates;
  std::map<Digest, bool> judged;        ///< Verdicts on ViewChanges, of this view change; at most 4n.
  std::optional<View> entering;         ///< Its NewView is on the way to the disk.
  std::optional<Instant> quorum_since;  ///< q ViewChanges for `pending` are held since then.
  Instant view_entered{};
  SeqNum reissued_through;  ///< Last slot that the NewView of `view` covers.
  SeqNum revoted_through;   ///< Those up to here are prepared anew, or below h.
  Instant revoted_at{};     ///< Until then voting anew may take all their time; no wait counts before.
  std::optional<Instant> excused_since;
  std::optional<Instant> full_since;        ///< The window waits for others since then.
  std::map<ReplicaId, Instant> down_since;  ///< Links that were up.
  Instant stalled_at{};                     ///< Last seen.
  Duration timeout;                         ///< Doubled by each view without progress.
  bool progressed = true;                   ///< This view has executed a new request.
  std::uint64_t view_change_count = 0;

  // Order. Invariant: discarded <= stable.seq; executed <= dispatched.
  std::map<SeqNum, Slot> slots;  ///< In the store window.
  /// Slots that may have changed since invariants() last looked, which need not look at the others again.
  struct Changed {
    static constexpr std::size_t most = 64;  ///< Of more, all.
    View view;                               ///< In which it looked.
    bool all = true;
    std::vector<SeqNum> slots;
  } changed;
  SeqNum discarded;                      ///< Slots up to here are gone.
  SeqNum proposed;                       ///< As primary: last sequence number used.
  std::optional<Instant> proposed_last;  ///< When, in this view or an earlier one.
  std::uint32_t filled = 0;              ///< Empty batches proposed since the last status tick.
  SeqNum dispatched;                     ///< Last batch given to the executor.
  SeqNum executed;                       ///< Last batch whose results are back.
  Timestamp executed_time;
  Instant head_since{};  ///< When the slot after `dispatched` became the one that all wait for.
  std::uint64_t operations = 0, batches = 0;
  std::deque<std::pair<BodyPtr, std::vector<std::pair<ClientId, RequestNumber>>>> executing;

  // Checkpoints.
  CheckpointProof stable;  ///< Highest proven; its seq is the low watermark h.
  SeqNum durable_stable;   ///< Highest h on disk: votes go up to durable_stable + L.
  CheckpointVotes checkpoint_votes;
  std::map<SeqNum, Digest> own_checkpoints;  ///< State digest by seq; those at or above `stable`.
  std::set<SeqNum> snapshots_due;            ///< Waiting for SnapshotReady.
  SeqNum last_checkpoint;                    ///< Highest of our own that is durable.
  Digest last_checkpoint_state;
  SeqNum checkpoint_floor;        ///< No Checkpoint is signed at or below it.
  std::uint64_t restraining = 0;  ///< Restraints on the way to the disk.

  // Trouble. Whatever of it holds, we execute what the others commit.
  bool may_answer = true;  ///< False while our state is not the agreed one.
  SeqNum answer_from;      ///< After a repair: clients were told of what lies below.
  bool stale_copy = false;
  bool no_agreement = false;

  // Restart and amnesia.
  bool started = false;  ///< The StartRecord is durable.
  struct Forgotten {
    View view;
    SeqNum through;
  };
  std::optional<Forgotten> forgotten;  ///< Where an earlier process may have signed what we do not know.
  bool observing = false;              ///< We have lost our data and do not vote yet.
  bool rejoin_refused = false;         ///< Reported.
  RequestPtr rejoin;                   ///< The request by which we ask to vote again.
  /// Per replica: lower ones are void. At least what last_checkpoint tells, which a restart knows as well.
  std::vector<std::uint64_t> incarnations;
  std::uint64_t observers = 0;  ///< Bit r: replica r says that it observes.
  bool observers_reported = false;

  // State transfer.
  std::optional<StateTransfer> transfer;     ///< What we collect.
  std::optional<StateCollected> collected;   ///< Complete, waiting until nothing executes.
  bool installing = false;                   ///< InstallState is out.
  std::uint64_t taken_at = 0;                ///< Blocks at the last tick with progress of the transfer,
  std::uint64_t ticks_without_blocks = 0;    ///< and how many went by since.
  SeqNum ticked_at;                          ///< `dispatched` at the last tick, and for how many it was that
  std::uint64_t ticks_without_progress = 0;  ///< while we were behind and idle.
  struct Served {
    std::deque<Digest> blocks;  ///< Asked for, at most FetchState::max_blocks.
    std::size_t bytes = 0;      ///< Since the last status tick.
    std::size_t reading = 0;    ///< ReadBlocks that are out.
    SeqNum pinned;              ///< The checkpoint that it collects, until `pinned_until`.
    Instant pinned_since{};
    std::optional<Instant> pinned_until;
  };
  std::vector<Served> served;  ///< Per peer.

  // Complaints about the primary of `view`.
  Suspicion suspicion;
  std::map<ReplicaId, Complaints::Vote> complaints;  ///< The newest of each replica.
  bool ousted = false;                               ///< q replicas have complained at once.

  ClientTable table;
  RequestPool pool;
  HeldReads reads;
  View reads_view;  ///< In which it was said what the held reads wait for.
  StageTimes stage_times{};
  Lobby lobby;                           ///< Of the primary.
  Vouched vouched;                       ///< By us, in `view`,
  std::optional<Vouched> vouched_early;  ///< and in `entering`.

  std::deque<std::pair<std::uint64_t, std::function<void()>>> persisting;
  std::uint64_t next_token = 1;
  std::map<std::pair<ReplicaId, Statement>, bool> accused;  ///< One record per replica and kind.

  // Repair.
  std::vector<std::size_t> repair_spent;                ///< Per peer, since the last status tick.
  std::vector<std::optional<Instant>> status_answered;  ///< Per peer.
  std::vector<Resent> view_change_resent;               ///< Per peer.
  std::uint64_t fetch_round = 0;
  std::uint64_t ticks = 0;
  std::array<std::optional<Instant>, timer_count> armed;

  BodyPtr null_body;
};

}  // namespace pbft::core
