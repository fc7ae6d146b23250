// The client table in a state that was collected from others, or read from the disk.
#include "core/client_table.hpp"
#include "fuzz/crypto.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

namespace pbft::fuzz {

namespace {

void fuzz_client_table(BytesView bytes) {
  AgreedLimits limits;
  limits.client_window = 8;
  limits.max_result_bytes = 64;
  limits.client_cache_bytes = 128;
  const std::set<ClientId> clients{ClientId{1}, ClientId{2}, ClientId{3}, core::client_of(ReplicaId{1})};
  const auto table = core::ClientTable::decode(bytes, limits, clients);
  if (!table) return;
  table->invariants();
  FUZZ_CHECK(table->encode() == copy_of(bytes));
  for (const ClientId client : clients) {
    FUZZ_CHECK(table->floor(client) <= table->highest(client));
    FUZZ_CHECK(table->is_done(client, table->floor(client)));
  }
}

const Target target("client-table", fuzz_client_table);

}  // namespace

}  // namespace pbft::fuzz
