// One record of every kind with every field set to something of its own, and what it means to be the same.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "core/io.hpp"
#include "unit/wire/samples.hpp"

namespace pbft::test {

core::PreparedRecord some_prepared();
core::PreparedRecord some_prepared(core::BodyPtr body, std::initializer_list<std::uint32_t> backups = {1, 3});
/// With its digest.
core::ViewChangePtr complete_view_change(std::uint32_t sender = 3);
/// Of the view changes of replicas 0, 1 and 3.
core::NewViewRecord some_new_view_record();
core::CheckpointProof some_proof();

/// Also with empty lists.
std::vector<core::Record> some_records();

/// Equal in every field, derived ones included.
bool same_record(const core::Record& a, const core::Record& b);

}  // namespace pbft::test
