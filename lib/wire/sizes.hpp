// How many words a value takes in a frame: frames are built in place, in a buffer of exactly their size.
#pragma once

#include <cstddef>

#include "wire/capnp.hpp"
#include "wire/codec.hpp"

namespace pbft::wire {

inline constexpr std::size_t word_bytes = sizeof(capnp::word);

template <class Struct>
constexpr std::size_t struct_words() {
  return capnp::sizeInWords<Struct>();
}
constexpr std::size_t data_words(std::size_t bytes) { return (bytes + word_bytes - 1) / word_bytes; }
inline constexpr std::size_t digest_words = data_words(sizeof(Digest::bytes));
inline constexpr std::size_t tag_words = data_words(sizeof(core::Tag::bytes));
inline constexpr std::size_t signature_words = data_words(sizeof(core::Signature::bytes));

/// A list of `count` structs, each with `blob_words` behind its pointers; one tag word precedes the elements.
template <class Struct>
constexpr std::size_t list_words(std::size_t count, std::size_t blob_words) {
  return 1 + count * (struct_words<Struct>() + blob_words);
}

inline constexpr std::size_t header_words = struct_words<schema::BatchHeader>() + digest_words;
constexpr std::size_t signers_words(std::size_t count) {
  return list_words<schema::SignerSignature>(count, signature_words);
}
constexpr std::size_t proof_words(std::size_t votes) {
  return struct_words<schema::CheckpointProof>() + digest_words + signers_words(votes);
}
/// Behind one element of ViewChange.prepared.
constexpr std::size_t certificate_blob_words(std::size_t prepares) {
  return header_words + signature_words + signers_words(prepares);
}
/// `blob_words`: of all payloads and signatures, each rounded up to words.
constexpr std::size_t body_words(std::size_t requests, std::size_t blob_words) {
  return struct_words<schema::Body>() + list_words<schema::Request>(requests, 0) + blob_words;
}

/// Exactly the words that encode() fills, with the root pointer.
std::size_t frame_words(const core::Message& message);

}  // namespace pbft::wire
