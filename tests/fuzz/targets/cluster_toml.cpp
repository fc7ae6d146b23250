// cluster.toml.
#include "config/cluster_file.hpp"
#include "fuzz/folder.hpp"
#include "fuzz/target.hpp"

namespace pbft::fuzz {

namespace {

void fuzz_cluster_toml(BytesView text) {
  static const Folder folder;
  const auto cluster = app::read_cluster_file(folder.write("cluster.toml", text));
  if (!cluster) {
    FUZZ_CHECK(!cluster.error().message.empty());
    return;
  }
  FUZZ_CHECK(cluster->config.faults().empty());
  FUZZ_CHECK(cluster->port_lines.size() == cluster->config.replicas.size());
  const auto again = app::read_cluster_file(folder.write("again.toml", app::cluster_toml(cluster->config)));
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(cluster_id(again->config) == cluster_id(cluster->config));
}

const Target target("cluster-toml", fuzz_cluster_toml);

}  // namespace

}  // namespace pbft::fuzz
