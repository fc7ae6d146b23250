# libsodium and libuv come with pkg-config files only; Cap'n Proto's package needs language C enabled.
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.18)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv>=1.44)
find_package(CapnProto REQUIRED)
find_package(Threads REQUIRED)
