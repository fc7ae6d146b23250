// What a shared libpbft shows: everything is hidden but what carries PBFT_API.
#pragma once

#define PBFT_API __attribute__((visibility("default")))
/// Nested in a shown class and itself hidden.
#define PBFT_LOCAL __attribute__((visibility("hidden")))
