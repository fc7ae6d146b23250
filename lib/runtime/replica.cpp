#include "pbft/replica.hpp"

#include <algorithm>
#include <utility>

#include "runtime/replica_impl.hpp"
#include "runtime/tamper.hpp"

namespace pbft {

namespace {

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

Result<void> check(const ClusterConfig& config, const ReplicaKey& key) {
  if (const auto faults = config.faults(); !faults.empty()) {
    return invalid("cluster configuration, " + faults.front().path + ": " + faults.front().message);
  }
  const std::string name = "replica " + std::to_string(key.id.value);
  const auto at = std::find_if(config.replicas.begin(), config.replicas.end(),
                               [&](const ReplicaInfo& replica) { return replica.id == key.id; });
  if (at == config.replicas.end()) {
    return invalid(name + " is not in the cluster configuration, which lists 0 to " +
                   std::to_string(config.replicas.size() - 1));
  }
  if (at->key != key.key.public_key()) {
    return invalid("the key is not that of " + name + ": its public key is " + to_text(key.key.public_key()) +
                   ", the cluster configuration lists " + to_text(at->key));
  }
  return {};
}

Result<void> check(const ReplicaOptions& options) {
  const ReplicaLimits& limits = options.limits;
  if (limits.pipeline_depth == 0) return invalid("limits.pipeline_depth is 0: at least 1");
  if (limits.pipeline_spacing < Duration{}) return invalid("limits.pipeline_spacing is negative: 0 or more");
  if (limits.batch_target_bytes == 0) return invalid("limits.batch_target_bytes is 0: at least 1");
  if (limits.request_timeout <= Duration{}) return invalid("limits.request_timeout must be positive");
  if (limits.max_request_timeout < limits.request_timeout) {
    return invalid("limits.max_request_timeout is below limits.request_timeout");
  }
  if (limits.status_interval <= Duration{}) return invalid("limits.status_interval must be positive");
  if (limits.max_transfer_bytes == 0) return invalid("limits.max_transfer_bytes is 0: at least 1");
  if (options.log_segment_bytes < min_log_segment_bytes ||
      options.log_segment_bytes > max_log_segment_bytes || options.log_segment_bytes % 4096 != 0) {
    return invalid("log_segment_bytes is " + std::to_string(options.log_segment_bytes) +
                   ": a multiple of 4096 from " + std::to_string(min_log_segment_bytes) + " to " +
                   std::to_string(max_log_segment_bytes));
  }
  if (options.lost_data && !options.data_directory.empty()) {
    return invalid("lost_data goes with data in memory: in " + options.data_directory +
                   " the replica sees for itself whether its data is there");
  }
  if (options.crypto_workers > max_crypto_workers) {
    return invalid("crypto_workers is " + std::to_string(options.crypto_workers) + ": at most " +
                   std::to_string(max_crypto_workers));
  }
  return {};
}

}  // namespace

Replica::Replica(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replica::Replica(Replica&&) noexcept = default;

Replica& Replica::operator=(Replica&& other) noexcept {
  if (this == &other) return *this;
  stop();
  impl_ = std::move(other.impl_);
  return *this;
}

Replica::~Replica() { stop(); }

Result<Replica> Replica::start(const ClusterConfig& config, const ReplicaKey& key, StateMachine& machine,
                               const ReplicaOptions& options) {
  return runtime::Seam::start(config, key, machine, options, nullptr);
}

Result<Replica> runtime::Seam::start(const ClusterConfig& config, const ReplicaKey& key,
                                     StateMachine& machine, const ReplicaOptions& options,
                                     std::shared_ptr<Tamper> tamper) {
  if (Result<void> checked = check(config, key); !checked) return checked.error();
  if (Result<void> checked = check(options); !checked) return checked.error();
  Result<std::shared_ptr<Replica::Impl>> impl =
      Replica::Impl::start(config, key, machine, options, std::move(tamper));
  if (!impl) return impl.error();
  return Replica(std::move(*impl));
}

ReplicaStatus Replica::status() const { return impl_->status(); }

void Replica::stop() {
  if (impl_) impl_->stop();
}

}  // namespace pbft
