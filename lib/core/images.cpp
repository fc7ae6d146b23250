#include "core/images.hpp"

#include "core/mutants.hpp"

namespace pbft::core {

namespace {

/// Appends fixed-width little-endian fields. What varies in length is preceded by its count.
class ImageWriter {
 public:
  explicit ImageWriter(std::size_t size_hint) { image_.reserve(size_hint); }

  ImageWriter& add(std::uint64_t number) {
    std::array<std::uint8_t, 8> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return append(bytes);
  }
  template <class Tag, class Rep>
  ImageWriter& add(Id<Tag, Rep> id) {
    return add(std::uint64_t{id.value});
  }
  ImageWriter& add(const Digest& digest) { return append(digest.bytes); }
  ImageWriter& add(const Signature& signature) { return append(signature.bytes); }
  ImageWriter& add(const BatchHeader& header) { return add(header.view).add(header.seq).add(header.digest); }
  /// Unless this bug leaves the field out of what is signed.
  template <class Field>
  ImageWriter& add_unless(Mutant without, const Field& field) {
    return mutated(without) ? *this : add(field);
  }
  ImageWriter& add(const std::vector<SignerSignature>& signers) {
    add(std::uint64_t{signers.size()});
    for (const SignerSignature& signer : signers) add(signer.replica).add(signer.signature);
    return *this;
  }
  ImageWriter& append(BytesView bytes) {
    image_.insert(image_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Bytes take() { return std::move(image_); }

 private:
  Bytes image_;
};

}  // namespace

Bytes image_of(const BatchHeader& header) {
  return ImageWriter(48)
      .add_unless(Mutant::signature_without_view, header.view)
      .add_unless(Mutant::signature_without_seq, header.seq)
      .add_unless(Mutant::signature_without_digest, header.digest)
      .take();
}

Bytes checkpoint_image(SeqNum seq, const Digest& state) {
  return ImageWriter(40).add(seq).add_unless(Mutant::checkpoint_without_state, state).take();
}

Bytes image_of(const ViewChange& view_change) {
  ImageWriter image(1024);
  image.add(view_change.new_view).add(view_change.sender).add(view_change.incarnation);
  image.add(view_change.stable.seq).add(view_change.stable.state).add(view_change.stable.votes);
  if (mutated(Mutant::view_change_without_proofs)) return image.take();
  image.add(std::uint64_t{view_change.prepared.size()});
  for (const PreparedCertificate& certificate : view_change.prepared) {
    image.add(certificate.header).add(certificate.pre_prepare).add(certificate.prepares);
  }
  return image.take();
}

Bytes image_of(const NewView& new_view) {
  ImageWriter image(1024);
  image.add(new_view.view).add(std::uint64_t{new_view.sources.size()});
  for (const NewView::Source& source : new_view.sources) image.add(source.replica).add(source.view_change);
  image.add(new_view.first).add(std::uint64_t{new_view.headers.size()});
  for (const NewView::Header& header : new_view.headers) image.add(header.digest).add(header.signature);
  return image.take();
}

Bytes complaint_image(View view, SeqNum stable) { return ImageWriter(16).add(view).add(stable).take(); }

Digest request_digest(const Crypto& crypto, BytesView payload) { return crypto.hash("request", payload); }

Digest batch_digest(const Crypto& crypto, Timestamp time, std::span<const RequestPtr> requests) {
  ImageWriter image(8 + 32 * requests.size());
  image.add(time.unix_us);
  for (const RequestPtr& request : requests) image.add(request->digest);
  return crypto.hash("batch", image.take());
}

Digest operation_digest(const Crypto& crypto, ClientId client, RequestNumber number, bool read_only,
                        BytesView body) {
  ImageWriter image(24 + body.size());
  image.add(client).add(number).add(std::uint64_t{read_only}).append(body);
  return crypto.hash("operation", image.take());
}

Digest open_digest(const Crypto& crypto, ClientId client, RequestNumber incarnation) {
  return crypto.hash("open", ImageWriter(16).add(client).add(incarnation).take());
}

Digest result_digest(const Crypto& crypto, BytesView result) { return crypto.hash("result", result); }

Digest view_change_digest(const Crypto& crypto, const ViewChange& view_change) {
  return crypto.hash("view-change", image_of(view_change));
}

}  // namespace pbft::core
