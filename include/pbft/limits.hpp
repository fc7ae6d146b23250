// Every number that bounds or paces the protocol, in one place, with its unit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pbft {

using Duration = std::chrono::microseconds;

/// Equal on all replicas and clients: part of the cluster file, covered by the cluster id.
struct AgreedLimits {
  std::uint64_t checkpoint_interval = 128;                          ///< K: batches between two checkpoints.
  std::uint64_t window() const { return 2 * checkpoint_interval; }  ///< L: batches between the watermarks.
  std::uint32_t client_window = 2048;                ///< Operations a client may have outstanding.
  std::size_t max_operation_bytes = 256 * 1024;      ///< Body of one operation.
  std::size_t max_result_bytes = 256 * 1024;         ///< A longer result is replaced by an error outcome.
  std::size_t max_request_bytes = 512 * 1024;        ///< All operations under one signature, encoded.
  std::uint32_t max_request_operations = 1024;       ///< Operations under one signature.
  std::size_t max_batch_bytes = 1024 * 1024;         ///< All requests of one batch, encoded.
  std::uint32_t max_batch_requests = 2048;           ///< Requests of one batch.
  std::size_t client_cache_bytes = 4 * 1024 * 1024;  ///< Results kept per client for retransmissions.
  bool operator==(const AgreedLimits&) const = default;
};

/// Each replica's own; may differ between replicas.
struct ReplicaLimits {
  std::uint32_t pipeline_depth = 4;                           ///< Batches of the primary in flight at once.
  Duration pipeline_spacing = std::chrono::milliseconds(10);  ///< Between two of them, at least.
  std::size_t batch_target_bytes = 256 * 1024;  ///< A batch that has reached it takes up no more requests.
  std::size_t max_pool_bytes_per_client = 4 * 1024 * 1024;    ///< Requests waiting, per client; also reads.
  Duration request_timeout = std::chrono::milliseconds(250);  ///< Wait before a primary is replaced; doubles.
  Duration max_request_timeout = std::chrono::seconds(60);    ///< Where the doubling ends.
  Duration status_interval = std::chrono::milliseconds(100);  ///< Between two Status messages to a peer.
  Duration max_clock_skew = std::chrono::seconds(1);          ///< How far ahead a batch's time may be.
  std::size_t max_repair_bytes = 256 * 1024;                  ///< Resent to one peer in answer to one Status.
  std::size_t max_transfer_bytes = 2 * 1024 * 1024;           ///< Of state, to one peer per status_interval.
};

/// Each client's own.
struct ClientLimits {
  std::uint32_t max_requests_in_flight = 4;                 ///< Signed requests unanswered; more gather.
  Duration retry_timeout = std::chrono::milliseconds(300);  ///< Before a request is sent to all; doubles.
  Duration max_retry_timeout = std::chrono::seconds(5);
  Duration operation_timeout = std::chrono::seconds(30);  ///< After which an operation is `timed_out`.
  std::uint32_t broadcast_share = 16;  ///< One request in so many goes to all at once; 0: none.
};

}  // namespace pbft
