#include "storage/blocks.hpp"

#include <utility>

namespace pbft::storage {

Result<void> FirstFailure::note(const Result<void>& result) {
  const std::lock_guard lock(mutex_);
  if (!result && !error_) error_ = result.error();
  return error_ ? Result<void>(*error_) : Result<void>();
}

Result<void> FirstFailure::check() const {
  const std::lock_guard lock(mutex_);
  return error_ ? Result<void>(*error_) : Result<void>();
}

}  // namespace pbft::storage
