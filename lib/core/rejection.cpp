#include "core/rejection.hpp"

namespace pbft::core {

const char* name_of(Rejection rejection) {
  switch (rejection) {
    case Rejection::malformed:
      return "malformed";
    case Rejection::bad_signature:
      return "bad_signature";
    case Rejection::unknown_client:
      return "unknown_client";
    case Rejection::unknown_replica:
      return "unknown_replica";
    case Rejection::wrong_link:
      return "wrong_link";
    case Rejection::bad_number:
      return "bad_number";
    case Rejection::too_large:
      return "too_large";
    case Rejection::refused_by_application:
      return "refused_by_application";
    case Rejection::pool_full:
      return "pool_full";
    case Rejection::not_primary:
      return "not_primary";
    case Rejection::wrong_view:
      return "wrong_view";
    case Rejection::outside_window:
      return "outside_window";
    case Rejection::conflicting:
      return "conflicting";
    case Rejection::digest_mismatch:
      return "digest_mismatch";
    case Rejection::bad_request_in_batch:
      return "bad_request_in_batch";
    case Rejection::time_ahead:
      return "time_ahead";
    case Rejection::bad_certificate:
      return "bad_certificate";
    case Rejection::bad_new_view:
      return "bad_new_view";
    case Rejection::not_asked_for:
      return "not_asked_for";
    case Rejection::too_often:
      return "too_often";
    case Rejection::bad_block:
      return "bad_block";
    case Rejection::silent_donor:
      return "silent_donor";
    case Rejection::void_incarnation:
      return "void_incarnation";
    case Rejection::too_many_reads:
      return "too_many_reads";
    case Rejection::repeated:
      return "repeated";
    case Rejection::not_held:
      return "not_held";
    case Rejection::wrong_tag:
      return "wrong_tag";
  }
  return "unknown";
}

static_assert(rejection_count == static_cast<std::size_t>(Rejection::wrong_tag) + 1);

}  // namespace pbft::core
