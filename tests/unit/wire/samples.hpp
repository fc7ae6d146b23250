// One message of every kind with every field set to something of its own, and what it means to be the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/messages.hpp"
#include "unit/wire/toy_crypto.hpp"
#include "wire/codec.hpp"

namespace pbft::test {

/// Distinct for distinct seeds.
Digest some_digest(std::uint8_t seed);
core::Signature some_signature(std::uint8_t seed);
core::Tag some_tag(std::uint8_t seed);
std::vector<core::SignerSignature> some_signers(std::initializer_list<std::uint32_t> replicas);

/// A request of `client` with one operation per body, signed.
core::RequestPtr some_request(ClientId client, RequestNumber first, const std::vector<std::string>& bodies);
/// The same with a tag for each replica, and the same request as a batch shows it.
core::RequestPtr some_tagged_request(ClientId client, RequestNumber first);
core::RequestPtr without_proof(const core::Request& request);
core::BodyPtr some_body(std::vector<core::RequestPtr> requests, Timestamp time = {77});
core::ViewChange some_view_change();
core::NewView some_new_view();
core::Reply some_reply();
core::Query some_query();             // two reads, one of them empty
core::QueryReply some_query_reply();  // whole, digest, declined
core::Status some_status();
/// `size` bytes, no two neighbours equal.
core::StateBlock some_block(std::size_t size);

struct Sample {
  std::string name;
  core::Message message;
};
/// Also with what is optional left out, and empty lists.
std::vector<Sample> samples();

/// Equal in every field, derived ones included.
bool same(const core::Message& a, const core::Message& b);

/// The value that `frame` decodes to; fails the test if it is refused.
core::Message must_decode(BytesView frame, const wire::DecodeLimits& limits = {});
/// Why `frame` is refused; fails the test if it is not.
core::Rejection must_refuse(BytesView frame, const wire::DecodeLimits& limits = {});

}  // namespace pbft::test
