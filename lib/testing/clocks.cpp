// A shared library's functions are called through a table of addresses, one in each module of the process.
// Here the entries of the clocks are replaced: that needs nothing from the program under test, and ends with
// the process.
#include "testing/clocks.hpp"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace pbft::testing {

namespace {

// ---- The clocks that take the others' place ---------------------------------------------------------------

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t days_400 = 400LL * 86'400 * second;

std::atomic<std::int64_t> wall_ns{0}, uptime_ns{0};  // advance with each reading

std::int64_t read_ns(clockid_t clock) {
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
  return (is_wall ? wall_ns : uptime_ns).fetch_add(1000);
}

int controlled_clock_gettime(clockid_t clock, timespec* to) {
  const std::int64_t now = read_ns(clock);
  to->tv_sec = static_cast<time_t>(now / second);
  to->tv_nsec = static_cast<long>(now % second);
  return 0;
}
int controlled_gettimeofday(timeval* to, void*) {
  const std::int64_t now = read_ns(CLOCK_REALTIME);
  to->tv_sec = static_cast<time_t>(now / second);
  to->tv_usec = static_cast<suseconds_t>(now % second / 1000);
  return 0;
}
time_t controlled_time(time_t* to) {
  const auto now = static_cast<time_t>(read_ns(CLOCK_REALTIME) / second);
  if (to) *to = now;
  return now;
}
int controlled_timespec_get(timespec* to, int base) {
  controlled_clock_gettime(CLOCK_REALTIME, to);
  return base;
}
clock_t controlled_clock() { return static_cast<clock_t>(read_ns(CLOCK_MONOTONIC) / 1000); }

struct Replacement {
  std::string_view name;
  void* function;
};
const std::array<Replacement, 5> replacements{{
    {"clock_gettime", reinterpret_cast<void*>(&controlled_clock_gettime)},
    {"gettimeofday", reinterpret_cast<void*>(&controlled_gettimeofday)},
    {"time", reinterpret_cast<void*>(&controlled_time)},
    {"timespec_get", reinterpret_cast<void*>(&controlled_timespec_get)},
    {"clock", reinterpret_cast<void*>(&controlled_clock)},
}};

// ---- The tables -------------------------------------------------------------------------------------------

#if defined(__x86_64__)
bool is_call(std::uint64_t type) { return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT; }
#elif defined(__aarch64__)
bool is_call(std::uint64_t type) { return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT; }
#else
bool is_call(std::uint64_t) { return false; }
#endif

struct Search {
  bool replace;
  std::size_t found = 0;
};

// What a module's dynamic section says; the loader has made addresses of its offsets.
struct Module {
  ElfW(Addr) base = 0;
  const char* names = nullptr;
  const ElfW(Sym) * symbols = nullptr;
  const ElfW(Rela) * tables[2] = {};  // DT_JMPREL, DT_RELA
  std::size_t bytes[2] = {};
};

Module parse(ElfW(Addr) base, const ElfW(Dyn) * dynamic) {
  Module module;
  module.base = base;
  bool has_addends = true;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    const ElfW(Addr) address = dynamic->d_un.d_ptr < base ? base + dynamic->d_un.d_ptr : dynamic->d_un.d_ptr;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): ELF says where things are in integers
    const auto* pointer = reinterpret_cast<const void*>(address);
    switch (dynamic->d_tag) {
      case DT_STRTAB:
        module.names = static_cast<const char*>(pointer);
        break;
      case DT_SYMTAB:
        module.symbols = static_cast<const ElfW(Sym)*>(pointer);
        break;
      case DT_JMPREL:
        module.tables[0] = static_cast<const ElfW(Rela)*>(pointer);
        break;
      case DT_RELA:
        module.tables[1] = static_cast<const ElfW(Rela)*>(pointer);
        break;
      case DT_PLTRELSZ:
        module.bytes[0] = dynamic->d_un.d_val;
        break;
      case DT_RELASZ:
        module.bytes[1] = dynamic->d_un.d_val;
        break;
      case DT_PLTREL:
        has_addends = dynamic->d_un.d_val == DT_RELA;
        break;
      default:
        break;
    }
  }
  if (!has_addends) module.bytes[0] = 0;
  return module;
}

void write_entry(ElfW(Addr) at, void* function) {
  const auto page = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
  auto* const begin = reinterpret_cast<void*>(at & ~(page - 1));  // NOLINT(performance-no-int-to-ptr)
  if (mprotect(begin, page, PROT_READ | PROT_WRITE) != 0) return;
  *reinterpret_cast<void**>(at) = function;  // NOLINT(performance-no-int-to-ptr)
}

void search(const Module& module, Search& search) {
  if (!module.names || !module.symbols) return;
  for (int i = 0; i < 2; ++i) {
    if (!module.tables[i]) continue;
    const std::size_t count = module.bytes[i] / sizeof(ElfW(Rela));
    for (const ElfW(Rela)* entry = module.tables[i]; entry != module.tables[i] + count; ++entry) {
      if (!is_call(ELF64_R_TYPE(entry->r_info))) continue;
      const std::string_view name = module.names + module.symbols[ELF64_R_SYM(entry->r_info)].st_name;
      for (const Replacement& replacement : replacements) {
        if (replacement.name != name) continue;
        ++search.found;
        if (search.replace) write_entry(module.base + entry->r_offset, replacement.function);
      }
    }
  }
}

// The C library and the loader keep the true clocks, and so do the sanitizers.
bool is_spared(std::string_view path) {
  for (const std::string_view part :
       {"/libc.", "/ld-", "linux-vdso", "linux-gate", "/libasan", "/libtsan", "/libubsan", "/liblsan"}) {
    if (path.find(part) != std::string_view::npos) return true;
  }
  return false;
}

int visit(dl_phdr_info* info, std::size_t, void* data) {
  if (is_spared(info->dlpi_name)) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto* dynamic = reinterpret_cast<const ElfW(Dyn)*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    search(parse(info->dlpi_addr, dynamic), *static_cast<Search*>(data));
  }
  return 0;
}

std::int64_t system_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * second + now.tv_nsec;
}

// Once, before any process has its own clocks.
struct Beginning {
  std::int64_t wall = system_ns(CLOCK_REALTIME), uptime = system_ns(CLOCK_MONOTONIC);
};
const Beginning& beginning() {
  static const Beginning first;
  return first;
}

}  // namespace

void control_clocks(bool earlier) {
  wall_ns = beginning().wall - (earlier ? days_400 : 0);
  uptime_ns = beginning().uptime / (earlier ? 2 : 1);  // what waits for a time in the past does not wait
  Search all{true};
  dl_iterate_phdr(visit, &all);
}

bool can_control_clocks() {
  beginning();
  Search all{false};
  dl_iterate_phdr(visit, &all);
  return all.found > 0;
}

}  // namespace pbft::testing
