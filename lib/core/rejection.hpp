// Why a message was refused: named, so that it can be counted and read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pbft::core {

enum class Rejection : std::uint8_t {
  malformed,  ///< Does not decode, or a limit of the encoding is exceeded.
  bad_signature,
  unknown_client,
  unknown_replica,
  wrong_link,  ///< A kind of message that this link may not carry, or in another's name.
  bad_number,  ///< Request number outside the client's window, zero or wrapped.
  too_large,
  refused_by_application,  ///< StateMachine::valid said no.
  pool_full,
  not_primary,  ///< A proposal by a replica that is not the primary of its view.
  wrong_view,
  outside_window,
  conflicting,  ///< A second, different statement for the same place: evidence.
  digest_mismatch,
  bad_request_in_batch,
  time_ahead,
  bad_certificate,
  bad_new_view,
  not_asked_for,
  too_often,
  bad_block,         ///< A block of a state that nobody asked for, or that is not what it should be.
  silent_donor,      ///< Owed blocks of a state, and did not send them in time.
  void_incarnation,  ///< A ViewChange of a replica that has lost its data since.
  too_many_reads,    ///< This client's reads that wait here have taken its room.
  repeated,          ///< Known already.
  not_held,          ///< Asks for what is not here, or not any more.
  wrong_tag,         ///< A request whose tag for us its client did not make, or that has none for us.
};
inline constexpr std::size_t rejection_count = 27;

/// snake_case, stable: a metric label.
const char* name_of(Rejection rejection);

}  // namespace pbft::core
