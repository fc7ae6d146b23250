// Members with real keys, and what they say to each other, for the benchmarks of the parts.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>

#include "core/messages.hpp"
#include "sim/keys.hpp"
#include "wire/codec.hpp"

namespace pbft::bench {

inline constexpr std::uint32_t replicas = 4;
inline constexpr std::uint32_t clients = 64;

/// Of replicas 0..3 and clients 1..64. Ideal signatures cost next to nothing: then the rest shows.
const sim::Keys& keys(sim::Signatures kind = sim::Signatures::ed25519);
const wire::DecodeLimits& limits();

/// `operations` of `bytes` each, under one signature.
core::RequestPtr request_of(ClientId client, std::uint64_t first, std::size_t operations, std::size_t bytes,
                            sim::Signatures kind = sim::Signatures::ed25519);
/// `requests` of as many clients, each with its operations first, first + 1, ...
std::shared_ptr<core::Body> body_of(std::size_t requests, std::size_t operations, std::size_t bytes,
                                    std::uint64_t first = 1, sim::Signatures kind = sim::Signatures::ed25519);
core::PrePrepare pre_prepare_of(std::uint64_t seq, core::BodyPtr body, sim::Signatures kind);
/// A Prepare or a Commit.
core::Vote vote_of(core::Statement statement, ReplicaId sender, const core::BatchHeader& header,
                   sim::Signatures kind);

/// The benchmark's loop handled `operations` each time: shows what one of them takes.
void per_operation(benchmark::State& state, std::size_t operations);

}  // namespace pbft::bench
