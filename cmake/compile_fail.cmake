# cmake -DSOURCE=x.cpp -DFLAGS=flags.cmake -P compile_fail.cmake
# Succeeds when the compiler rejects SOURCE with a text that matches the regex of its first line,
# `// expect: <regex>`.

include("${FLAGS}")

file(STRINGS "${SOURCE}" first_line LIMIT_COUNT 1)
if(NOT first_line MATCHES "^// expect: (.+)$")
  message(FATAL_ERROR "${SOURCE}:1: wanted `// expect: <regex>`, saw `${first_line}`")
endif()
set(expected "${CMAKE_MATCH_1}")

list(REMOVE_DUPLICATES includes)
list(REMOVE_ITEM includes ${implicit_includes})
list(TRANSFORM includes PREPEND "-I")
execute_process(
  COMMAND "${compiler}" -std=c++20 ${options} ${includes} -w -fsyntax-only "${SOURCE}"
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles, but must not: wanted an error that matches `${expected}`")
endif()
# Only the errors count: the compiler also quotes the source, and with it perhaps the regex.
string(REGEX MATCHALL "[^\n]*error: [^\n]*" errors "${output}")
if(NOT errors MATCHES "${expected}")
  message(FATAL_ERROR
    "${SOURCE} is rejected for another reason: wanted an error that matches `${expected}`, got:\n"
    "${output}")
endif()
