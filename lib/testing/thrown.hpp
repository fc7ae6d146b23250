// What was thrown, for a person.
#pragma once

#include <string>

namespace pbft::testing {

/// "std::out_of_range: vector::at". REQUIRES: an exception is being handled.
std::string describe_thrown();

}  // namespace pbft::testing
