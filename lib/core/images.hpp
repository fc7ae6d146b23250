// The bytes under signatures and digests: injective, fixed little-endian layouts over decoded values.
#pragma once

#include <span>

#include "core/crypto.hpp"
#include "core/messages.hpp"

namespace pbft::core {

// Images of signed statements. Two values have equal images only if all their signed fields are equal, so
// verifying against the image of the decoded value is verifying against what was sent. A request's image
// is its payload.
Bytes image_of(const BatchHeader& header);  ///< 48 bytes: view, seq, digest. PrePrepare, Prepare, Commit.
Bytes checkpoint_image(SeqNum seq, const Digest& state);  ///< 40 bytes.
Bytes image_of(const ViewChange& view_change);            ///< All but signature and digest.
Bytes image_of(const NewView& new_view);                  ///< All but signature.
Bytes complaint_image(View view, SeqNum stable);          ///< 16 bytes.

// Digests, each in its own domain.
Digest request_digest(const Crypto& crypto, BytesView payload);
Digest batch_digest(const Crypto& crypto, Timestamp time, std::span<const RequestPtr> requests);
Digest operation_digest(const Crypto& crypto, ClientId client, RequestNumber number, bool read_only,
                        BytesView body);
Digest open_digest(const Crypto& crypto, ClientId client, RequestNumber incarnation);
Digest result_digest(const Crypto& crypto, BytesView result);
Digest view_change_digest(const Crypto& crypto, const ViewChange& view_change);

}  // namespace pbft::core
