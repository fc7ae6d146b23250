#include "bench/report/html.hpp"

#include <string_view>

#include "bench/report/json.hpp"
#include "pbft_bench_page.hpp"

namespace bench {
namespace {

/// JSON inside of a script element must not end it.
std::string escaped(const std::string& json) {
  std::string text;
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string to_html(const Report& report) {
  constexpr std::string_view place = "{{report}}";
  std::string page(page_html);
  return page.replace(page.find(place), place.size(), escaped(to_json(report)));
}

}  // namespace bench
