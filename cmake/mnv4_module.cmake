# One folder, one static library, its arrows in one call:
#
#   mnv4_module(runtime SRCS plan.cc DEPS graph kernels LIBS hwy::hwy
#               TESTS plan_test.cc BENCHES plan_bench.cc)
#
# ONLY_IF names an option: without it the folder is not built, but its arrows are known.
# DEPS are other modules (what the layering test compares the #includes with), LIBS anything else;
# MAYBE_DEPS are modules that are linked where they are built: arrows all the same.
# The tests of a module are one program, mnv4_<name>_test; every bench is a program of its own.

add_library(mnv4_flags INTERFACE)
target_include_directories(mnv4_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(mnv4_flags INTERFACE -Wall -Wextra $<$<BOOL:${MNV4_WERROR}>:-Werror>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # The least CPU the program runs on; faster instruction sets are chosen at run time (base/isa.h).
  target_compile_options(mnv4_flags INTERFACE -msse4.2 -maes -mpclmul)
endif()

set_property(GLOBAL PROPERTY MNV4_ARROWS "")

function(mnv4_module name)
  cmake_parse_arguments(M "" "ONLY_IF;LABEL" "SRCS;DEPS;MAYBE_DEPS;LIBS;TESTS;BENCHES" ${ARGN})
  set_property(GLOBAL APPEND_STRING PROPERTY MNV4_ARROWS "${name}: ${M_DEPS};${M_MAYBE_DEPS}\n")
  if(M_ONLY_IF AND NOT ${M_ONLY_IF})
    return()
  endif()
  foreach(dep ${M_MAYBE_DEPS})
    if(TARGET mnv4_${dep})
      list(APPEND M_DEPS ${dep})
    endif()
  endforeach()
  list(TRANSFORM M_DEPS PREPEND mnv4_)
  if(M_SRCS)
    add_library(mnv4_${name} STATIC ${M_SRCS})
    target_link_libraries(mnv4_${name} PUBLIC mnv4_flags ${M_DEPS} ${M_LIBS})
  else()
    add_library(mnv4_${name} INTERFACE)
    target_link_libraries(mnv4_${name} INTERFACE mnv4_flags ${M_DEPS} ${M_LIBS})
  endif()
  if(MNV4_TESTS AND M_TESTS)
    mnv4_test(mnv4_${name}_test SRCS ${M_TESTS} LIBS mnv4_${name} LABEL "${M_LABEL}")
  endif()
  if(MNV4_BENCHES)
    foreach(source ${M_BENCHES})
      get_filename_component(bench ${source} NAME_WE)
      add_executable(${bench} ${source})
      target_link_libraries(${bench} PRIVATE mnv4_${name} benchmark::benchmark_main)
    endforeach()
  endif()
endfunction()

# A GoogleTest program whose tests ctest lists one by one. They find their data by MNV4_SOURCE_DIR.
# PREFIX is put before their names, where another program has the same tests.
# Tests with a LABEL can be built (target <LABEL>_tests) and run (ctest -L) by themselves.
function(mnv4_test name)
  cmake_parse_arguments(T "" "LABEL;PREFIX" "SRCS;LIBS" ${ARGN})
  add_executable(${name} ${T_SRCS})
  target_link_libraries(${name} PRIVATE ${T_LIBS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE MNV4_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 600
                       LABELS "${T_LABEL}" TEST_PREFIX "${T_PREFIX}")
  if(T_LABEL)  # what has to be built to run them
    if(NOT TARGET ${T_LABEL}_tests)
      add_custom_target(${T_LABEL}_tests)
    endif()
    add_dependencies(${T_LABEL}_tests ${name})
  endif()
endfunction()
