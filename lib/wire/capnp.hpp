// Cap'n Proto and our schema, as every C++20 compiler takes them. Include this, never their headers.
#pragma once

#include <capnp/common.h>
#include <kj/string.h>

#if CAPNP_VERSION < 10000 && __cpp_impl_three_way_comparison
namespace kj {
// Version 0.9 leaves these to C++20's reversed candidates. A class that declares operator!= has none
// (P2468R2), for those compilers that follow the rule.
inline bool operator==(const char* a, const StringPtr& b) { return b == StringPtr(a); }
inline bool operator!=(const char* a, const StringPtr& b) { return b != StringPtr(a); }
}  // namespace kj
#endif

#include <capnp/message.h>

#include "wire/pbft.capnp.h"
