// Deliberate bugs of the protocol, to see whether the simulator notices: tests/mutants plants one at a time
// and counts the seeds until it is found out. In what is installed nothing of this is left: mutated() is the
// constant false. Only a build with -DPBFT_MUTANTS=ON can switch one on.
#pragma once

#include <cstdint>

namespace pbft::core {

// X(name, what is wrong, what it stands for): a section of the papers, a rule of docs/protocol.md, or a bug
// that published systems have had.
#define PBFT_MUTANTS_LIST(X)                                                                                 \
  /* Quorums and votes */                                                                                    \
  X(quorum_too_small, "a quorum is one vote smaller", "OSDI'99 3: off by one")                               \
  X(prepared_with_one_less, "q-2 prepares make a certificate", "OSDI'99 4.2: off by one")                    \
  X(committed_by_few, "f+1 commits commit a batch", "OSDI'99 4.2: weak quorum for strong")                   \
  X(views_add_up, "votes of different views for one batch add up",                                           \
    "published: no view check in certificates")                                                              \
  X(digests_add_up, "votes for different batches of one place add up", "OSDI'99 4.2: votes must match")      \
  X(vote_counted_twice, "a vote that arrives twice counts twice", "OSDI'99 4.2: distinct replicas")          \
  X(first_vote_only, "of two conflicting votes of a replica the second is dropped", "protocol: vote sets")   \
  X(primary_prepares, "a prepare of the primary counts beside its pre-prepare", "OSDI'99 4.2")               \
  X(commits_unverified, "commits count before their signatures are checked",                                 \
    "protocol: commits checked late")                                                                        \
  X(second_proposal, "a second pre-prepare takes the place of the first, and is voted for", "OSDI'99 4.2")   \
  X(certificate_without_body, "prepared and committed without the batch's body", "faults: body in hand")     \
  X(unproven_requests, "requests in a batch are not checked", "OSDI'99 4.2: requests authentic")             \
  X(primary_vouches_alone, "the primary's word stands for f+1 votes", "protocol: headers and bodies")        \
  X(time_ahead, "a proposal's time is not compared with the own clock", "faults 9")                          \
  X(window_of_2l, "votes go two windows above the stable checkpoint", "OSDI'99 4.2: watermarks")             \
  X(store_unbounded, "messages of any sequence number are kept", "OSDI'99 4.2: watermarks; faults 35")       \
  /* Durability */                                                                                           \
  X(commit_before_durable, "Commit leaves before the certificate is durable", "protocol: durability [R]")    \
  X(own_commit_early, "the own commit counts before the certificate is durable", "schedule a [R]")           \
  X(view_change_before_durable, "ViewChange leaves before it is durable", "protocol: durability [R]")        \
  X(new_view_before_durable, "a view is entered before its NewView is durable", "protocol: durability [R]")  \
  X(vote_before_start, "votes before the start is durable", "protocol: durability")                          \
  X(stable_before_durable, "the window moves before the stable checkpoint is durable", "durability [R]")     \
  X(checkpoint_before_durable, "Checkpoint leaves before the snapshot is durable", "schedule b [R]")         \
  X(window_without_snapshot, "the window moves without an own snapshot of its checkpoint", "durability [R]") \
  X(votes_forgotten, "after a restart nothing is off limits in the old view", "schedule c [R]")              \
  X(view_change_forgotten, "a restart forgets that it had left the view", "TOCS 4: logged messages")         \
  X(certificates_forgotten, "a restart forgets what was prepared", "protocol: durability [R]")               \
  /* View changes */                                                                                         \
  X(votes_after_leaving, "votes go on in a view that was left", "OSDI'99 4.4")                               \
  X(older_certificates_dropped, "ViewChange tells of the current view's certificates only", "OSDI'99 4.4")   \
  X(executed_left_out, "ViewChange leaves out what is executed here", "OSDI'99 4.4: all above h")            \
  X(lowest_view_wins, "of two certificates that of the lower view is taken", "faults 14; OSDI'99 4.4")       \
  X(null_for_prepared, "what was prepared before the last view becomes the null batch",                      \
    "published: null for prepared")                                                                          \
  X(lower_checkpoint, "the new view starts at the lowest proven checkpoint", "faults: lower checkpoint")     \
  X(nothing_above_a_gap, "the new view ends at the first gap", "faults 16; OSDI'99 4.4")                     \
  X(certificates_unverified, "signatures of certificates are not checked", "OSDI'99 4.4")                    \
  X(checkpoint_unproven, "the checkpoint in a ViewChange needs no proof",                                    \
    "published: ViewChange's h on trust")                                                                    \
  X(signers_may_repeat, "one signer may stand for many in a certificate", "OSDI'99 4.4: distinct replicas")  \
  X(short_certificate, "one prepare makes a certificate valid", "OSDI'99 4.4: 2f prepares")                  \
  X(primary_among_signers, "a certificate may count the primary as a backup", "OSDI'99 4.4")                 \
  X(new_view_unverified, "a NewView is believed as it is", "faults 15; OSDI'99 4.4")                         \
  X(new_view_of_few, "a NewView needs no quorum of ViewChanges", "faults 15: short set")                     \
  X(new_view_of_another, "a NewView may rest on ViewChanges for another view", "faults 15")                  \
  X(new_view_unjudged, "only the new primary checks the certificates", "OSDI'99 4.4: backups verify")        \
  X(new_view_unsigned, "the headers in a NewView are not checked", "OSDI'99 4.4")                            \
  X(bodies_not_needed, "the new primary takes ViewChanges whose bodies it lacks", "schedule l [R]")          \
  X(join_at_one, "one ViewChange of another is enough to join", "faults 11; OSDI'99 4.5.2")                  \
  X(join_the_highest, "joins the highest view asked for", "OSDI'99 4.5.2: the smallest")                     \
  X(timeout_not_doubled, "the timeout stays the same from view to view", "OSDI'99 4.5.2")                    \
  X(timer_of_the_newest, "the timer starts anew whenever anything executes", "schedule g [R]")               \
  /* Execution, checkpoints, state */                                                                        \
  X(executes_twice, "a number that is executed executes again", "OSDI'99 4.1: exactly once; faults 7")       \
  X(executes_prepared, "what is prepared is executed", "OSDI'99 5.1.2: tentative execution")                 \
  X(time_goes_back, "agreed time is the batch's own", "schedule f [R]")                                      \
  X(table_outside_state, "the client table is not part of the state",                                        \
    "faults: reply cache outside the digest")                                                                \
  X(clock_outside_state, "agreed time is not part of the state", "protocol: checkpoints")                    \
  X(snapshot_late, "later batches begin before the snapshot of a checkpoint", "OSDI'99 4.3")                 \
  X(stable_with_few, "f+1 checkpoint votes make it stable", "OSDI'99 4.3")                                   \
  X(states_add_up, "checkpoint votes for different states add up", "faults 22; OSDI'99 4.3")                 \
  X(blocks_unverified, "a block of state is taken for what was asked", "faults 23; TOCS 5.3")                \
  /* Clients and reads */                                                                                    \
  X(reply_quorum_of_f, "f equal replies decide", "OSDI'99 4.1; faults 32")                                   \
  X(read_quorum_weak, "f+1 equal answers decide a read", "OSDI'99 5.1.3; faults 33")                         \
  X(read_at_once, "reads do not wait for what is prepared", "OSDI'99 5.1.3: wait for the commit")            \
  X(read_ignores_new_view, "reads do not wait for what the NewView covers", "protocol: reads")               \
  /* Amnesia */                                                                                              \
  X(amnesiac_votes, "a replica that lost its data votes at once", "protocol: amnesia [R]")                   \
  X(rejoin_at_once, "a Rejoin takes effect at the next checkpoint", "protocol: amnesia")                     \
  X(void_view_change, "a ViewChange from before the loss counts", "schedule d [R]")                          \
  /* Signatures and tags */                                                                                  \
  X(signature_without_view, "votes and proposals are signed without the view", "faults 27")                  \
  X(signature_without_seq, "votes and proposals are signed without the number", "faults 27")                 \
  X(signature_without_digest, "votes and proposals are signed without the digest",                           \
    "published: signed too little")                                                                          \
  X(checkpoint_without_state, "checkpoints are signed without the state", "published: signed too little")    \
  X(view_change_without_proofs, "a ViewChange is signed without its certificates",                           \
    "published: signed too little")                                                                          \
  X(wrong_tags, "tags are not checked", "protocol: requests with tags")                                      \
  X(no_introduction, "requests with tags are proposed at once", "schedule q [R]")                            \
  /* Repair */                                                                                               \
  X(body_of_primary_only, "a missing body is asked of the primary alone", "faults 10")                       \
  X(commits_said_once, "commits of executed batches are not sent again", "TOCS 5.2: retransmission")         \
  X(view_change_said_once, "a ViewChange is not sent again", "faults 18; TOCS 5.2")

enum class Mutant : std::uint8_t {
  none,
#define PBFT_MUTANT_NAME(name, what, from) name,
  PBFT_MUTANTS_LIST(PBFT_MUTANT_NAME)
#undef PBFT_MUTANT_NAME
};

#ifdef PBFT_MUTANTS
inline Mutant mutant = Mutant::none;  ///< The bug that this process has; set before anything runs.
/// Not constexpr: with `const bool wrong = mutated(...) && ...` the compiler would settle beforehand that it
/// is not.
inline bool mutated(Mutant which) { return mutant == which; }
#else
constexpr bool mutated(Mutant) { return false; }
#endif

}  // namespace pbft::core
