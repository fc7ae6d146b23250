#include "net/refusal.hpp"

namespace pbft::net {

std::string_view explain(Refusal reason) {
  switch (reason) {
    case Refusal::not_this_protocol:
      return "the other side does not speak this protocol; is another program using that address?";
    case Refusal::version:
      return "the two sides have no protocol version in common; upgrade the older one";
    case Refusal::other_cluster:
      return "the other side belongs to another cluster; compare the cluster files";
    case Refusal::wrong_key:
      return "the key at the called address is not the one in the caller's cluster file; are addresses or "
             "key "
             "files mixed up?";
    case Refusal::not_admitted:
      return "the caller's key is not admitted by the cluster file of the called replica";
    case Refusal::busy:
      return "too many handshakes at once; the caller tries again";
    case Refusal::muted:
      return "the caller was cut a moment ago; it may try again later";
    case Refusal::other_genesis:
      return "the initial states differ; all replicas must start from the same state and the same program";
  }
  return "unknown reason";
}

}  // namespace pbft::net
