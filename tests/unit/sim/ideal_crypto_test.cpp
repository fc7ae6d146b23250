#include "sim/ideal_crypto.hpp"

#include <doctest/doctest.h>

#include "sim/keys.hpp"

using namespace pbft;
using namespace pbft::sim;
using core::Statement;

TEST_CASE("keys: a signature holds for its statement, signer, bytes, cluster and epoch only") {
  for (Signatures kind : {Signatures::ideal, Signatures::ed25519}) {
    const Keys keys(kind, 1, 4, 2);
    const Keys elsewhere(kind, 1, 4, 2, Realm{5, Epoch{}});
    const Keys later(kind, 1, 4, 2, Realm{0, Epoch{1}});
    const Bytes image = to_bytes("image");
    const core::Signature signature = keys.of(ReplicaId{1}).sign(Statement::prepare, image);
    const core::Crypto& anyone = keys.of(ClientId{2});
    CHECK(anyone.verify(Statement::prepare, ReplicaId{1}, image, signature));
    CHECK(!anyone.verify(Statement::commit, ReplicaId{1}, image, signature));
    CHECK(!anyone.verify(Statement::prepare, ReplicaId{2}, image, signature));
    CHECK(!anyone.verify(Statement::prepare, ClientId{1}, image, signature));
    CHECK(!anyone.verify(Statement::prepare, ReplicaId{9}, image, signature));
    CHECK(!anyone.verify(Statement::prepare, ReplicaId{1}, to_bytes("other"), signature));
    CHECK(!elsewhere.of(ReplicaId{0}).verify(Statement::prepare, ReplicaId{1}, image, signature));
    CHECK(!later.of(ReplicaId{0}).verify(Statement::prepare, ReplicaId{1}, image, signature));
    const core::Signature request = keys.of(ClientId{1}).sign(Statement::request, image);
    CHECK(later.of(ReplicaId{0}).verify(Statement::request, ClientId{1}, image, request));
  }
}
