// What the benchmark reads: faults and durations on its command line, reports, its service's operations,
// results and state.
#include <optional>

#include "bench/report/json.hpp"
#include "bench/run/duration_text.hpp"
#include "bench/run/timeline.hpp"
#include "bench/service/service.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

namespace pbft::fuzz {

namespace {

class Reader : public SnapshotReader {
 public:
  explicit Reader(BytesView bytes) : rest_(bytes) {}
  std::size_t read(std::span<std::uint8_t> into) override {
    const std::size_t size = std::min(into.size(), rest_.size());
    std::copy_n(rest_.begin(), size, into.begin());
    rest_ = rest_.subspan(size);
    return size;
  }

 private:
  BytesView rest_;
};
class Writer : public SnapshotWriter {
 public:
  void write(BytesView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
  Bytes bytes;
};

void check_fault(const std::string& text) {
  const auto fault = bench::parse_fault(text);
  FUZZ_CHECK(fault || !fault.error().message.empty());
  if (!fault) return;
  const auto again = bench::parse_fault(bench::to_text(*fault));
  FUZZ_CHECK(again && again->what == fault->what && again->target == fault->target);
  (void)bench::make_timeline({*fault}, 4, std::chrono::minutes(1), true);
}

void check_report(const std::string& text) {
  const auto report = bench::report_from_json(text);
  FUZZ_CHECK(report || !report.error().message.empty());
  if (report) FUZZ_CHECK(bench::report_from_json(bench::to_json(*report)).has_value());
}

void check_service(BytesView bytes) {
  bench::Service service(16);
  Reader reader(bytes);
  if (service.load(reader)) {
    Writer saved;
    service.save(saved);
    bench::Service again(16);
    Reader other(saved.bytes);
    FUZZ_CHECK(again.load(other).has_value());
  }
  const auto result = service.execute({ClientId{1}, RequestNumber{1}, bytes}, {});
  (void)service.query(ClientId{1}, bytes);
  BytesView rest = bytes;
  (void)bench::take_audit(rest);
  (void)bench::decode_position(result, 16);
}

void fuzz_bench(BytesView bytes) {
  Input input(bytes);
  const std::uint8_t which = input.octet() % 4;
  const BytesView rest = input.rest();
  if (which == 0) return check_fault(text_of(rest));
  if (which == 1) return check_report(text_of(rest));
  if (which == 2) return check_service(rest);
  const auto duration = bench::duration_from_text(text_of(rest));
  FUZZ_CHECK(!duration || bench::duration_from_text(bench::to_text(*duration)).has_value());
}

const Target target("bench", fuzz_bench);

}  // namespace

}  // namespace pbft::fuzz
