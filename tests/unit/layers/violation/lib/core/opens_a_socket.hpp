// What the layer test must notice: not part of the library.
#pragma once

#include <uv.h>
