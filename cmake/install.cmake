# What `cmake --install` and the packages put where: the program, libmnv4.so with its headers, what
# find_package(mnv4) and pkg-config look for, the licence.
include(CMakePackageConfigHelpers)

install(TARGETS mnv4)
install(TARGETS mnv4_shared EXPORT mnv4)
foreach(header mnv4.h mnv4_c.h base/error.h base/executor.h image/pixels.h)
  get_filename_component(folder mnv4/${header} DIRECTORY)
  install(FILES mnv4/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder})
endforeach()

# libmnv4.so asks nothing of its users but C++20, so its targets are the whole package.
set(cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/mnv4)
install(EXPORT mnv4 NAMESPACE mnv4:: DESTINATION ${cmake_folder} FILE mnv4-config.cmake)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mnv4-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mnv4-config-version.cmake DESTINATION ${cmake_folder})

# Found by the place of the file itself, so that an unpacked archive works anywhere.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/mnv4.pc.in mnv4.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/mnv4.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(MNV4_RECIPES)
  install(DIRECTORY recipes/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mnv4/recipes
    FILES_MATCHING PATTERN *.yaml)
endif()
if(MNV4_TRAIN)  # the lists of what data.train=scenes:... is made of
  install(FILES tools/scenes/classes.txt tools/scenes/grounds.txt
    DESTINATION ${CMAKE_INSTALL_DATADIR}/mnv4/scenes)
endif()

install(FILES COPYING DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

# `cpack` makes both packages, into packages/ of the build directory.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # no tests have to be built for it
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGE_NAME mnv4)
set(CPACK_PACKAGE_VENDOR mnv4)
set(CPACK_PACKAGE_CONTACT "mnv4 maintainers <maintainers@mnv4.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION "The mnv4 program with a small model inside, libmnv4 and its headers.")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)  # also has ldconfig run
include(CPack)
