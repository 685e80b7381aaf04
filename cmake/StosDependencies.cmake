# Finds what libstos is built on. scripts/setup provides all of it on Debian.

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Scotch 7 REQUIRED)  # FindScotch.cmake, beside this file; so are the next ones
find_package(LMDB REQUIRED)
find_package(Zstd REQUIRED)
find_package(Hiredis REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)  # headers only, in sources of actors/

# prometheus-cpp is needed only once monitoring/ has C++.
file(GLOB_RECURSE stos_monitoring_sources CONFIGURE_DEPENDS
     "${PROJECT_SOURCE_DIR}/monitoring/*.hpp" "${PROJECT_SOURCE_DIR}/monitoring/*.cpp")
set(STOS_PROMETHEUS "")
if(stos_monitoring_sources)
  find_package(prometheus-cpp REQUIRED)
  set(STOS_PROMETHEUS prometheus-cpp::core prometheus-cpp::pull)
endif()

# CAF: the caller's CAF_DIR or CMAKE_PREFIX_PATH first, then what scripts/setup has built. A
# sanitizer sees only what it compiled, so each one has a CAF of its own.
if(DEFINED ENV{STOS_CACHE})
  set(stos_cache "$ENV{STOS_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(stos_cache "$ENV{XDG_CACHE_HOME}/libstos")
else()
  set(stos_cache "$ENV{HOME}/.cache/libstos")
endif()
cmake_path(ABSOLUTE_PATH stos_cache)
set(stos_caf_prefix "${stos_cache}/caf-0.18.7")
set(stos_setup "scripts/setup")
if(STOS_SANITIZER)
  string(APPEND stos_caf_prefix "-${STOS_SANITIZER}")
  string(APPEND stos_setup " --sanitizer=${STOS_SANITIZER}")
endif()

# CAF asks for no version here: its config file rejects "0.18".
find_package(CAF QUIET COMPONENTS core io HINTS "${stos_caf_prefix}")
if(NOT CAF_FOUND)
  message(FATAL_ERROR "CAF (core, io) not found in ${stos_caf_prefix}. Run ${stos_setup}, or pass "
                      "-DCAF_DIR=<prefix>/lib/cmake/CAF for a CAF of your own.")
endif()
message(STATUS "CAF: ${CAF_DIR}")
