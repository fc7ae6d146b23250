# What `cmake --install` puts where: the library, its headers, a CMake package and a pkg-config file; the same for
# the testing library, which is a component of its own.
# All of it is relocatable: the prefix is found from the place of the files.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/pbft")

install(TARGETS pbft EXPORT pbftTargets COMPONENT library
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/pbft" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT library FILES_MATCHING PATTERN "*.hpp" PATTERN "testing" EXCLUDE)
install(EXPORT pbftTargets NAMESPACE pbft:: DESTINATION "${package_dir}" COMPONENT library)

install(TARGETS pbft-testing EXPORT pbftTestingTargets COMPONENT testing
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/pbft/testing" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/pbft"
  COMPONENT testing FILES_MATCHING PATTERN "*.hpp")
install(EXPORT pbftTestingTargets NAMESPACE pbft:: DESTINATION "${package_dir}" COMPONENT testing)

# A static library leaves linking what it needs to its users; a shared one has done it already.
get_target_property(type pbft TYPE)
if(type STREQUAL "STATIC_LIBRARY")
  set(PBFT_IS_STATIC TRUE)
  set(PBFT_PC_PRIVATE "Requires.private: libsodium >= 1.0.18, libuv >= 1.44, capnp\nLibs.private: -pthread\n")
else()
  set(PBFT_IS_STATIC FALSE)
  set(PBFT_PC_PRIVATE "")
endif()
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/pbftConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/pbftConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/pbftConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/pbftConfig.cmake" "${PROJECT_BINARY_DIR}/pbftConfigVersion.cmake"
  DESTINATION "${package_dir}" COMPONENT library)

cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE libdir)
file(RELATIVE_PATH PBFT_PC_PREFIX "${libdir}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
foreach(part library testing)
  set(name pbft)
  if(part STREQUAL "testing")
    set(name pbft-testing)
  endif()
  configure_file("${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT ${part})
endforeach()
