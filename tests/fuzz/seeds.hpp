// Where fuzzing begins.
#pragma once

#include <functional>
#include <string>

#include "pbft/types.hpp"

namespace pbft::fuzz {

using AddSeed = std::function<void(const std::string& target, const std::string& name, BytesView bytes)>;

void add_frame_seeds(const AddSeed& add);  ///< message, request, record, client-table
void add_text_seeds(
    const AddSeed& add);  ///< behaviour-spec, cluster-toml, member-toml, key-file, status-file, bench
void add_link_seeds(const AddSeed& add);     ///< handshake, link
void add_storage_seeds(const AddSeed& add);  ///< wal, checkpoints, collection, inspect, restore
void add_core_seeds(const AddSeed& add);     ///< core

}  // namespace pbft::fuzz
