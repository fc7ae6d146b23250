# How every target of this project is compiled.

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
endif()

add_library(pbft_flags INTERFACE)
target_compile_features(pbft_flags INTERFACE cxx_std_20)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(pbft_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 sees overflows in inlined std::string and std::vector that are not there (GCC bugs 105329, 105651).
    target_compile_options(pbft_flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
      -Wno-array-bounds)
  endif()
endif()
if(PBFT_SANITIZE)
  target_compile_options(pbft_flags INTERFACE -fsanitize=${PBFT_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(pbft_flags INTERFACE -Wno-maybe-uninitialized) # it loses track in instrumented code
  endif()
  target_link_options(pbft_flags INTERFACE -fsanitize=${PBFT_SANITIZE})
endif()
if(PBFT_COVERAGE)
  # clang counts what the source says; gcov counts the branches of exceptions that g++ adds, too.
  set(coverage -fprofile-instr-generate -fcoverage-mapping)
  target_compile_options(pbft_flags INTERFACE ${coverage})
  target_link_options(pbft_flags INTERFACE ${coverage})
endif()
if(PBFT_FUZZ)
  target_compile_options(pbft_flags INTERFACE -fsanitize=fuzzer-no-link)  # what libFuzzer steers by
endif()

# pbft_component(NAME FILES...): one folder under lib/, compiled once as position-independent
# objects with hidden visibility; the library pbft is made of all that users need.
function(pbft_component name)
  add_library(pbft_${name} STATIC ${ARGN})
  target_include_directories(pbft_${name} PUBLIC
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/lib")
  target_link_libraries(pbft_${name} PRIVATE $<BUILD_INTERFACE:pbft_flags>)
  target_compile_features(pbft_${name} PUBLIC cxx_std_20)
  set_target_properties(pbft_${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# pbft_show_only(TARGET MAP): as a shared library it shows what this version script in cmake/ names.
function(pbft_show_only target map)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    set(symbols "${PROJECT_SOURCE_DIR}/cmake/${map}")
    target_link_options(${target} PRIVATE "LINKER:--version-script=${symbols}")
    set_target_properties(${target} PROPERTIES LINK_DEPENDS "${symbols}")
  endif()
endfunction()
