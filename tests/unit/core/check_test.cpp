#include "core/check.hpp"

#include <doctest/doctest.h>
#include <setjmp.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

namespace pbft::core {

namespace {

sigjmp_buf survived;

void break_invariant() {
  if (sigsetjmp(survived, 1) == 0) PBFT_CHECK(1 + 1 == 3);
}

/// What a broken invariant says on stderr before it aborts; the test survives.
std::string last_words() {
  std::FILE* said = std::tmpfile();
  REQUIRE(said != nullptr);
  std::fflush(stderr);
  const int usual = ::dup(STDERR_FILENO);
  ::dup2(::fileno(said), STDERR_FILENO);
  const auto before = std::signal(SIGABRT, [](int) { siglongjmp(survived, 1); });
  break_invariant();
  std::signal(SIGABRT, before);
  std::fflush(stderr);
  ::dup2(usual, STDERR_FILENO);
  ::close(usual);

  std::rewind(said);
  std::string text(256, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), said));
  std::fclose(said);
  return text;
}

}  // namespace

TEST_CASE("check: a broken invariant aborts and says which one, and where") {
  const std::string said = last_words();
  CHECK(said.find("broken invariant: 1 + 1 == 3") != std::string::npos);
  CHECK(said.find("check_test.cpp:") != std::string::npos);
  PBFT_CHECK(1 + 1 == 2);  // one that holds does nothing
}

}  // namespace pbft::core
