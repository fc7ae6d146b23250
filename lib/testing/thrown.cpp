#include "testing/thrown.hpp"

#include <cxxabi.h>
#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace pbft::testing {

namespace {
std::string name_of(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name ? name.get() : type.name();
}
}  // namespace

std::string describe_thrown() {
  try {
    throw;
  } catch (const std::exception& thrown) {
    return name_of(typeid(thrown)) + ": " + thrown.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

}  // namespace pbft::testing
