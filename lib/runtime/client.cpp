#include "pbft/client.hpp"

#include <algorithm>
#include <utility>

#include "runtime/client_impl.hpp"

namespace pbft {

namespace {

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

Result<void> check(const ClusterConfig& config, const ClientKey& key) {
  if (const auto faults = config.faults(); !faults.empty()) {
    return invalid("cluster configuration, " + faults.front().path + ": " + faults.front().message);
  }
  const std::string name = "client " + std::to_string(key.id.value);
  const auto at = std::find_if(config.clients.begin(), config.clients.end(),
                               [&](const ClientInfo& client) { return client.id == key.id; });
  if (at == config.clients.end()) {
    return invalid(name + " is not admitted: the cluster configuration lists " +
                   std::to_string(config.clients.size()) + " clients, none with this id");
  }
  if (at->key != key.key.public_key()) {
    return invalid(name + "'s key is not admitted: its public key is " + to_text(key.key.public_key()) +
                   ", the cluster configuration lists " + to_text(at->key));
  }
  return {};
}

Result<void> check(const ClientOptions& options) {
  const ClientLimits& limits = options.limits;
  if (limits.max_requests_in_flight == 0) return invalid("limits.max_requests_in_flight is 0: at least 1");
  if (limits.retry_timeout <= Duration{}) return invalid("limits.retry_timeout must be positive");
  if (limits.operation_timeout <= Duration{}) return invalid("limits.operation_timeout must be positive");
  return {};
}

}  // namespace

Client::Client(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  if (this == &other) return *this;
  stop();
  impl_ = std::move(other.impl_);
  return *this;
}

Client::~Client() { stop(); }

Result<Client> Client::connect(const ClusterConfig& config, const ClientKey& key,
                               const ClientOptions& options) {
  if (Result<void> checked = check(config, key); !checked) return checked.error();
  if (Result<void> checked = check(options); !checked) return checked.error();
  Result<std::shared_ptr<Impl>> impl = Impl::start(config, key, options);
  if (!impl) return impl.error();
  Client client(std::move(*impl));
  if (options.loop != nullptr) return client;
  if (Result<void> opened = client.impl_->wait_open(); !opened) return opened.error();
  return client;
}

Result<Bytes> Client::invoke(BytesView operation) { return impl_->invoke(operation, false); }
Result<Bytes> Client::query(BytesView operation) { return impl_->invoke(operation, true); }

void Client::invoke_async(BytesView operation, Callback done) {
  impl_->invoke_async(operation, false, std::move(done));
}

void Client::query_async(BytesView operation, Callback done) {
  impl_->invoke_async(operation, true, std::move(done));
}

View Client::view() const { return impl_->view(); }

void Client::stop() {
  if (impl_) impl_->stop();
}

}  // namespace pbft
