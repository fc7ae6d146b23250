#include "testing/environment.hpp"

#include <cfenv>
#include <clocale>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <locale>
#include <new>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "core/splitmix.hpp"
#include "testing/clocks.hpp"

namespace pbft::testing {

namespace {

// What changes the process as a whole is done before anything runs in it, in a process of its own.
// NOLINTBEGIN(concurrency-mt-unsafe)

// Free blocks of many sizes, soiled; in the other environment in no order, so that what is allocated next
// gets addresses that rise and fall.
void soil_heap(const Environment& environment) {
#ifdef __GLIBC__
  mallopt(M_PERTURB, environment.filling());  // what is new, and what is freed
#endif
  constexpr std::size_t smallest = 16, largest = 1024, step = 16, of_a_size = 64;
  core::Random random(7);
  for (std::size_t size = smallest; size <= largest; size += step) {
    std::vector<void*> blocks(of_a_size), walls(of_a_size);  // a wall keeps free neighbours from joining
    for (std::size_t i = 0; i < of_a_size; ++i) {
      blocks[i] = ::operator new(size);
      walls[i] = ::operator new(smallest);
      std::memset(blocks[i], environment.filling(), size);
    }
    if (environment.other_memory) {
      for (std::size_t i = of_a_size - 1; i > 0; --i) std::swap(blocks[i], blocks[random.below(i + 1)]);
    }
    for (void* block : blocks) ::operator delete(block);
    // The walls stay until the process ends.
  }
}

class DecimalComma : public std::numpunct<char> {
 protected:
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

void change_locale() {
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8", "pt_BR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name)) break;
  }
  std::locale::global(std::locale(std::locale::classic(), new DecimalComma));
  setenv("TZ", "PBFT-13:45", 1);
  tzset();
}

void seed_generators(unsigned seed) {
  std::srand(seed);
  srandom(seed);
  srand48(static_cast<long>(seed));
}
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace

void enter(const Environment& environment) {
  control_clocks(environment.other_time);
  seed_generators(environment.other_seeds ? 77'017 : 1);
  if (environment.other_locale) change_locale();
  if (environment.other_rounding) std::fesetround(FE_UPWARD);
  soil_heap(environment);
}

__attribute__((noinline)) void soil_stack(const Environment& environment) {
  volatile std::uint8_t ground[16 * 1024];
  for (volatile std::uint8_t& byte : ground) byte = environment.filling();
}

std::vector<std::string> not_varied() {
  std::vector<std::string> found;
  if (!can_control_clocks())
    found.push_back("the clocks: nothing here calls them through a shared C library");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  found.push_back("the heap: the sanitizer has its own");
#elif !defined(__GLIBC__)
  found.push_back("the filling of new memory: this is not the GNU C library");
#endif
  return found;
}

}  // namespace pbft::testing
