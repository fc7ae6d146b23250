// Stand-ins for cryptography: fast, and the same in every run.
#pragma once

#include "unit/wire/toy_crypto.hpp"

namespace pbft::fuzz {

/// Members: replicas 0..3 and clients 1..3.
inline const test::ToyCrypto toy_crypto;

}  // namespace pbft::fuzz
