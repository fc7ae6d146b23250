// What the layer test must notice: not part of the library.
#include "net/links.hpp"
#include "wire/codec.hpp"
