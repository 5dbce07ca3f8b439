# Writes commit.h, only if the commit has changed: cmake -D SOURCE=... -D HEADER=... -P commit.cmake
execute_process(
  COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=10 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define MNV4_COMMIT \"${commit}\"\n")
