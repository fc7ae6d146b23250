// A replica's status file, as the demo and the benchmark read it.
#include "config/status_file.hpp"
#include "fuzz/folder.hpp"
#include "fuzz/target.hpp"

namespace pbft::fuzz {

namespace {

void fuzz_status_file(BytesView text) {
  static const Folder folder;
  (void)app::read_status_file(folder.write("status.json", text));
}

const Target target("status-file", fuzz_status_file);

}  // namespace

}  // namespace pbft::fuzz
