// PBFT_CHECK: our own invariants, on in every build. Never used on anything a peer or client sent.
#pragma once

namespace pbft::core {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define PBFT_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::pbft::core::check_failed(#condition, __FILE__, __LINE__))
