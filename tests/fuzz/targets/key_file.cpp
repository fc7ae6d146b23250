// Key files, and public keys as text.
#include <filesystem>

#include "config/key_file.hpp"
#include "fuzz/folder.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

namespace pbft::fuzz {

namespace {

void fuzz_key_file(BytesView bytes) {
  static const Folder folder;
  const auto key = app::read_key_file(folder.write("key", bytes));
  FUZZ_CHECK(key || !key.error().message.empty());
  if (key) {
    const auto copy = folder.path("copy");
    std::filesystem::remove(copy);
    FUZZ_CHECK(app::write_key_file(copy, *key, "replica 0").has_value());
    const auto again = app::read_key_file(copy);
    FUZZ_CHECK(again && again->seed() == key->seed());
  }

  const auto known = public_key_from_text(text_of(bytes));
  FUZZ_CHECK(known || !known.error().message.empty());
  if (known)
    FUZZ_CHECK(public_key_from_text(to_text(*known)) && *public_key_from_text(to_text(*known)) == *known);
}

const Target target("key-file", fuzz_key_file);

}  // namespace

}  // namespace pbft::fuzz
