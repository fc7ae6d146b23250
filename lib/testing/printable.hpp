// Bytes for a person.
#pragma once

#include <string>

#include "pbft/types.hpp"

namespace pbft::testing {

/// Text as it is, other bytes as \x00, in quotes; not more than 60 characters of it.
std::string printable(BytesView bytes);

}  // namespace pbft::testing
