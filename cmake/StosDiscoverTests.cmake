# stos_discover_tests(<program> <prefix> <ctest property>...)
# One ctest test per Catch2 test case, named `<prefix>: <test case>`. Unlike Catch2's own
# catch_discover_tests it allows any character in a name: ours are sentences.
#
# After each link the program lists its test cases into a file that ctest reads; the second half
# of this file is the script that writes it.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(stos_discover_tests_script "${CMAKE_CURRENT_LIST_FILE}")

  function(stos_discover_tests program prefix)
    set(tests "${CMAKE_CURRENT_BINARY_DIR}/${program}_tests.cmake")
    add_custom_command(TARGET ${program} POST_BUILD BYPRODUCTS "${tests}" VERBATIM
      COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=$<TARGET_FILE:${program}>" "-DPREFIX=${prefix}"
              "-DFOLDER=${PROJECT_SOURCE_DIR}" "-DPROPERTIES=${ARGN}" "-DOUTPUT=${tests}"
              -P "${stos_discover_tests_script}")
    set(include "${CMAKE_CURRENT_BINARY_DIR}/${program}_include.cmake")
    file(WRITE "${include}" "if(EXISTS \"${tests}\")
  include(\"${tests}\")
else()
  add_test(\"${prefix}: not built\" \"${program}: not built\")
endif()
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
  endfunction()
  return()
endif()

execute_process(COMMAND "${PROGRAM}" --list-test-names-only
                OUTPUT_VARIABLE names ERROR_VARIABLE errors RESULT_VARIABLE count)
if(errors OR NOT count MATCHES "^[0-9]+$")  # Catch2 v2 exits with the number of tests
  message(FATAL_ERROR "${PROGRAM} cannot list its test cases (${count}): ${errors}")
endif()

list(JOIN PROPERTIES " " properties)
set(script "")
while(names MATCHES "^([^\n]*)\n")  # not a CMake list: names may hold `;` and `[`
  set(name "${CMAKE_MATCH_1}")
  string(LENGTH "${name}" length)
  math(EXPR length "${length} + 1")
  string(SUBSTRING "${names}" ${length} -1 names)
  if(name STREQUAL "")
    continue()
  endif()
  string(REGEX REPLACE "([][\\,~\"])" "\\\\\\1" pattern "${name}")
  string(REGEX REPLACE "^-" "\\\\-" pattern "${pattern}")  # not an option
  # NoTests: a pattern that matches nothing must not count as a success.
  string(APPEND script
    "add_test([==[${PREFIX}: ${name}]==] [==[${PROGRAM}]==] [==[${pattern}]==] -w NoTests)\n"
    "set_tests_properties([==[${PREFIX}: ${name}]==] PROPERTIES "
    "WORKING_DIRECTORY [==[${FOLDER}]==] ${properties})\n")
endwhile()
file(WRITE "${OUTPUT}" "${script}")
