#include "bench/faulty/orders.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <utility>

namespace bench {
namespace {

constexpr int look_ms = 100;  // how long the end waits for the thread, at most
constexpr std::string_view verb = "behave ";

}  // namespace

Orders::Orders(std::string program, Behave behave)
    : program_(std::move(program)),
      behave_(std::move(behave)),
      thread_([this](const std::stop_token& stop) { read(stop); }) {}

void Orders::read(const std::stop_token& stop) {
  std::string line;
  while (!stop.stop_requested()) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, look_ms) <= 0) continue;
    char next = 0;
    if (::read(STDIN_FILENO, &next, 1) <= 0) return;
    if (next != '\n') {
      line += next;
    } else {
      follow(std::exchange(line, {}));
    }
  }
}

void Orders::follow(const std::string& line) {
  const bool is_order = line.starts_with(verb);
  const auto done =
      is_order ? behave_(line.substr(verb.size()))
               : pbft::Error{pbft::ErrorCode::invalid_argument, "\"" + line + "\" is no order: behave SPEC"};
  if (done) return;
  std::fprintf(stderr, "%s: %s\n", program_.c_str(), done.error().message.c_str());
  ::kill(::getpid(), SIGTERM);
}

}  // namespace bench
