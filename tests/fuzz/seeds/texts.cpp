#include <algorithm>
#include <array>

#include "adversary/behaviour.hpp"
#include "adversary/client_behaviour.hpp"
#include "bench/report/json.hpp"
#include "bench/service/service.hpp"
#include "config/cluster_file.hpp"
#include "config/member_file.hpp"
#include "fuzz/script.hpp"
#include "fuzz/seeds.hpp"

namespace pbft::fuzz {

namespace {

SecretKey key_of(std::uint8_t who) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = who;
  return SecretKey::from_seed(seed);
}

ClusterConfig some_cluster() {
  ClusterConfig config;
  for (std::uint8_t id = 0; id < 4; ++id) {
    const auto port = static_cast<std::uint16_t>(7100 + id);
    config.replicas.push_back({ReplicaId{id}, id == 3 ? "::1" : "127.0.0.1", port, key_of(id).public_key()});
  }
  config.clients.push_back({ClientId{0}, key_of(9).public_key()});
  return config;
}

void add_behaviours(const AddSeed& add) {
  std::vector<adversary::Kind> kinds = adversary::behaviours();
  for (const adversary::Kind& kind : adversary::client_behaviours()) kinds.push_back(kind);
  for (const adversary::Kind& kind : kinds) {
    std::string text = kind.usage;
    std::erase_if(text, [](char letter) { return letter == '[' || letter == ']'; });
    add("behaviour-spec", text.substr(0, text.find('(')), view_of(text));
  }
  add("behaviour-spec", "several", view_of("slow(10ms)+drop(20%)+mute(1, 2)"));
}

void add_configuration(const AddSeed& add) {
  ClusterConfig config = some_cluster();
  add("cluster-toml", "usual", view_of(app::cluster_toml(config)));
  config.limits.checkpoint_interval = 64;
  config.limits.client_window = 32;
  config.limits.max_batch_requests = 100;
  add("cluster-toml", "limits", view_of(app::cluster_toml(config)));

  const std::string options =
      "listen_host = \"0.0.0.0\"\ncrypto_workers = 2\npipeline_depth = 8\nmax_pool_bytes_per_client = "
      "1000000\n"
      "max_repair_bytes = 100000\nmax_transfer_bytes = 100000\nlog_segment_bytes = 1048576\n"
      "request_timeout_ms = 250\nmax_request_timeout_ms = 60000\nstatus_interval_ms = 100\n"
      "max_clock_skew_ms = 1000\nlog_level = \"debug\"\nstatus_file = \"status.json\"\n";
  add("member-toml", "replica", view_of(app::replica_toml(0, "cluster.toml", "key", "data") + options));
  add("member-toml", "in-memory", view_of(app::replica_toml(0, "cluster.toml", "key", "")));
  add("member-toml", "client",
      view_of(app::client_toml(0, "cluster.toml", "client.key", true) +
              "operation_timeout_ms = 30000\nconnect_timeout_ms = 10000\n"
              "retry_timeout_ms = 300\nmax_retry_timeout_ms = 5000\n"
              "max_requests_in_flight = 4\nbroadcast_share = 16\n"));

  const std::string digits = to_text(key_of(1).public_key());
  add("key-file", "public", view_of(digits));
  add("key-file", "secret", view_of("# Secret key (Ed25519 seed) of replica 0.\n" + digits + "\n"));
}

void add_status(const AddSeed& add) {
  add("status-file", "usual",
      view_of(
          R"({"id":1,"pid":7,"running":true,"view":2,"changing_view":false,"is_primary":false,"stable":128,)"
          R"("executed":130,"checkpoint":128,"checkpoint_state":"00ff","operations":9,"batches":3,"fsyncs":4,)"
          R"("stages":{"order":{"count":1,"p50_us":2,"p99_us":3,"mean_us":2}},"view_changes":1,)"
          R"("waiting_requests":0,"longest_turn_us":12,"connected_replicas":3,"connected_clients":1,)"
          R"("answering":true,"observing":false,"collecting":false,"durable":true,"failed":"",)"
          R"("rejections":{"malformed":1}})"));
}

void add_bench(const AddSeed& add) {
  std::size_t number = 0;
  for (const char* fault : {"20s:crash:primary", "20s-30s:slow(10ms):r2", "5s:storm(1000/s):client",
                            "1.5s:honest:all", "500ms:restart"}) {
    add("bench", "fault-" + std::to_string(++number), Script().octet(0).raw(std::string_view(fault)));
  }
  bench::Report report;
  report.kind = "run";
  report.runs.emplace_back().phases.emplace_back();
  add("bench", "report", Script().octet(1).raw(std::string_view(bench::to_json(report))));

  class Writer : public SnapshotWriter {
   public:
    void write(BytesView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
    Bytes bytes;
  };
  bench::Service service(16);
  for (const std::uint64_t counter : {1U, 2U, 7U}) {
    Bytes body(bench::min_request_bytes);
    bench::encode({bench::Kind::write, counter}, body);
    (void)service.execute({ClientId{counter % 2}, RequestNumber{counter}, body}, {});
    if (counter == 7) add("bench", "operation", Script().octet(2).raw(body));
  }
  Writer saved;
  service.save(saved);
  add("bench", "state", Script().octet(2).raw(saved.bytes));
  add("bench", "duration", Script().octet(3).raw(std::string_view("2.5s")));
}

}  // namespace

void add_text_seeds(const AddSeed& add) {
  add_behaviours(add);
  add_configuration(add);
  add_status(add);
  add_bench(add);
}

}  // namespace pbft::fuzz
