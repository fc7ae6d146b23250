// What the layer test must notice: not part of any program.
#include "core/replica.hpp"
