#include "bench/load/load.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "config/cluster_folder.hpp"
#include "config/key_file.hpp"

namespace bench {
namespace {

constexpr std::uint32_t most_connecting = 16;  // so that a thousand handshakes do not time out together
constexpr std::uint32_t most_auditing = 64;
constexpr std::chrono::seconds drain_limit{10};  // for what is under way when the load ends
constexpr std::chrono::milliseconds tick{1};

template <class Handle>
uv_handle_t* as_handle(Handle& handle) {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

}  // namespace

Load::Load(const LoadPlan& plan)
    : plan_(plan),
      cluster_(app::read_cluster_file(plan.cluster / "cluster.toml")),
      recorder_(plan.clients, plan.interval, plan.duration) {
  uv_loop_init(&loop_);
  uv_timer_init(&loop_, &due_timer_);
  uv_timer_init(&loop_, &end_timer_);
  uv_poll_init(&loop_, &input_, STDIN_FILENO);
  due_timer_.data = end_timer_.data = input_.data = this;
}

Load::~Load() {
  clients_.clear();
  for (uv_handle_t* handle : {as_handle(input_), as_handle(due_timer_), as_handle(end_timer_)}) {
    if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
  }
  uv_run(&loop_, UV_RUN_DEFAULT);  // until the clients have closed theirs
  uv_loop_close(&loop_);
}

pbft::Result<void> Load::run() {
  if (!cluster_) return cluster_.error();
  await_go();  // from now on, so that the end of the parent ends the connecting too
  for (std::uint32_t i = 0; i < most_connecting; ++i) connect_next();
  uv_run(&loop_, UV_RUN_DEFAULT);  // until finish() or fail()
  return outcome_;
}

void Load::connect_next() {
  if (clients_.size() == plan_.clients || !outcome_) return;
  const auto index = static_cast<std::uint32_t>(clients_.size());
  const std::uint32_t id = plan_.first_client + index;
  const auto secret = app::read_key_file(app::client_toml_path(plan_.cluster, id).replace_extension(".key"));
  if (!secret) return fail(secret.error());
  pbft::ClientOptions options;
  options.loop = &loop_;
  if (plan_.auth == "mac") {
    options.authentication = pbft::Authentication::mac;
    options.limits.broadcast_share = 128;  // what goes to all is signed
  }
  clients_.push_back(std::make_unique<LoadClient>(index, plan_, recorder_, *this));
  auto connected = clients_.back()->connect(cluster_->config, {pbft::ClientId{id}, *secret}, options,
                                            [this](const std::string& error) { on_connected(error); });
  if (!connected) fail(connected.error());
}

void Load::on_connected(const std::string& error) {
  if (!error.empty()) return fail({pbft::ErrorCode::timed_out, error});
  connect_next();
  if (++connected_ < plan_.clients) return;
  std::puts("ready");
  std::fflush(stdout);
}

void Load::await_go() {
  uv_poll_start(&input_, UV_READABLE,
                [](uv_poll_t* handle, int, int) { static_cast<Load*>(handle->data)->on_input(); });
}

void Load::on_input() {
  char piece[64];
  const ssize_t size = ::read(STDIN_FILENO, piece, sizeof piece);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) return fail({pbft::ErrorCode::stopped, "stdin ended before it said go"});
  line_.append(piece, static_cast<std::size_t>(size));
  if (!line_.ends_with('\n')) return;
  uv_poll_stop(&input_);
  begin(line_.starts_with("go ") ? std::strtoll(line_.c_str() + 3, nullptr, 10) : now_ns());
}

void Load::start_timer(uv_timer_t& timer, std::chrono::milliseconds after, std::chrono::milliseconds repeat,
                       uv_timer_cb callback) {
  uv_update_time(&loop_);
  uv_timer_start(&timer, callback, static_cast<std::uint64_t>(after.count()),
                 static_cast<std::uint64_t>(repeat.count()));
}

void Load::begin(std::int64_t start_ns) {
  start_ns_ = start_ns;
  end_ns_ = start_ns + std::chrono::nanoseconds(plan_.duration).count();
  recorder_.begin(start_ns);
  sending_ = true;
  start_timer(end_timer_, plan_.duration, {},
              [](uv_timer_t* timer) { static_cast<Load*>(timer->data)->end(); });
  // One of each client at a time, so that none begins with all of its operations in the first batches.
  for (std::uint32_t i = 0; i < plan_.outstanding; ++i) {
    for (const auto& client : clients_) {
      Slot& slot = client->slots()[i];
      if (is_open_loop()) {
        idle_.push_back(&slot);
      } else {
        ++under_way_;
        client->send(slot, now_ns());
      }
    }
  }
  if (is_open_loop())
    start_timer(due_timer_, tick, tick,
                [](uv_timer_t* timer) { static_cast<Load*>(timer->data)->send_due(); });
}

std::int64_t Load::due_ns(std::uint64_t operation) const {
  return start_ns_ + static_cast<std::int64_t>(static_cast<double>(operation) * 1e9 / plan_.rate);
}

void Load::send_due() {
  const std::int64_t until = std::min(now_ns() + 1, end_ns_);
  while (sending_ && !idle_.empty() && due_ns(operations_) < until) {
    Slot& slot = *idle_.front();
    idle_.pop_front();
    ++under_way_;
    slot.client->send(slot, due_ns(operations_++));
  }
}

void Load::on_idle(Slot& slot) {
  if (sending_ && !is_open_loop() && now_ns() < end_ns_) return slot.client->send(slot, now_ns());
  --under_way_;
  if (is_open_loop() && sending_) {
    idle_.push_back(&slot);
    return send_due();
  }
  if (under_way_ == 0 && !sending_) audit();
}

void Load::end() {
  sending_ = false;
  uv_timer_stop(&due_timer_);
  // Offered all the same, though nothing was free to take them.
  while (is_open_loop() && due_ns(operations_) < end_ns_) recorder_.on_offered(due_ns(operations_++));
  start_timer(end_timer_, drain_limit, {},
              [](uv_timer_t* timer) { static_cast<Load*>(timer->data)->audit(); });
  if (under_way_ == 0) audit();
}

void Load::audit() {
  if (std::exchange(auditing_, true)) return;
  uv_timer_stop(&end_timer_);
  for (std::uint32_t i = 0; i < most_auditing; ++i) audit_next();
}

void Load::audit_next() {
  if (audits_begun_ == plan_.clients) return;
  clients_[audits_begun_++]->audit([this] {
    audit_next();
    if (++audits_ended_ == plan_.clients) finish();
  });
}

void Load::finish() {
  outcome_ = write_load_result(plan_.result, recorder_.result());
  uv_stop(&loop_);
}

void Load::fail(pbft::Error error) {
  outcome_ = std::move(error);
  uv_stop(&loop_);
}

}  // namespace bench
