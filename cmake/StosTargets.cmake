# The rules from folders to targets, so that a new file or folder needs no edit of a CMake file.

if(STOS_SANITIZER STREQUAL "thread")
  set(stos_sanitizer_flags -fsanitize=thread)
elseif(STOS_SANITIZER STREQUAL "address")
  set(stos_sanitizer_flags -fsanitize=address,undefined -fno-sanitize-recover=undefined)
elseif(STOS_SANITIZER)
  message(FATAL_ERROR "STOS_SANITIZER is '${STOS_SANITIZER}': wanted thread or address")
endif()
if(STOS_SANITIZER)
  # gcc's flow analysis gives false alarms in instrumented code.
  add_compile_options(${stos_sanitizer_flags} -fno-omit-frame-pointer -Wno-maybe-uninitialized
                      -Wno-mismatched-new-delete)
  add_link_options(${stos_sanitizer_flags})
endif()
if(STOS_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang" OR STOS_SANITIZER)
    message(FATAL_ERROR "STOS_FUZZ wants clang and brings sanitizers of its own, but the compiler is "
                        "${CMAKE_CXX_COMPILER_ID} and STOS_SANITIZER is '${STOS_SANITIZER}'")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# Warnings for our own sources; they are never passed on to users.
function(stos_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast
    -Wextra-semi -Wcast-align -Wdouble-promotion -Wformat-security
    $<$<BOOL:${STOS_WERROR}>:-Werror>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False alarms of gcc 12 on std::string + std::string (gcc bug 105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(CAF_VERSION VERSION_GREATER_EQUAL 1)
    # It knows a better way for much of what is the only one in CAF 0.18.
    target_compile_options(${target} PRIVATE -Wno-deprecated-declarations)
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # gcc means float to double; clang also double to long double, in which tests compute what is exact.
    target_compile_options(${target} PRIVATE -Wno-double-promotion)
  endif()
endfunction()

# stos_add_layer(<name> <folder> [<library>...])
# Makes stos::<name> of the C++ in <folder>. Without headers and sources there is no such target,
# and other layers may name it all the same: libraries stos::* that do not exist are left out.
function(stos_add_layer name folder)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.hpp")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
  if(NOT headers AND NOT sources)
    return()
  endif()
  if(sources)
    add_library(stos_${name} STATIC ${sources})
    # So that shared libraries can be made of it, at no cost: none of our functions is replaced by
    # another one at run time.
    set_target_properties(stos_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_options(stos_${name} PRIVATE -fno-semantic-interposition)
    set(scope PUBLIC)
    stos_warnings(stos_${name})
  else()
    add_library(stos_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(stos::${name} ALIAS stos_${name})
  set_target_properties(stos_${name} PROPERTIES EXPORT_NAME ${name})
  foreach(library IN LISTS ARGN)
    if(TARGET ${library} OR NOT library MATCHES "^stos::")
      target_link_libraries(stos_${name} ${scope} ${library})
    endif()
  endforeach()
  target_compile_features(stos_${name} ${scope} cxx_std_20)
  # One digest on every machine: a fused multiply-add rounds once where the source rounds twice.
  # It must hold in users' code too, hence not PRIVATE.
  target_compile_options(stos_${name} ${scope} -ffp-contract=off)
  target_sources(stos_${name} ${scope} FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}"
                 FILES ${headers})
  set_property(GLOBAL APPEND PROPERTY STOS_LAYERS ${name})
endfunction()

# stos_embed(<layer> <folder>/<name>.<ending> <template>)
# Makes <folder>/<name>_<ending>.hpp of the template, for sources of the layer: it has the file's text.
function(stos_embed layer file template)
  cmake_path(GET file PARENT_PATH folder)
  cmake_path(GET file FILENAME name)
  string(REPLACE "." "_" name "${name}")
  file(READ "${PROJECT_SOURCE_DIR}/${file}" ${name})
  configure_file("${PROJECT_SOURCE_DIR}/${template}"
                 "${PROJECT_BINARY_DIR}/embedded/${folder}/${name}.hpp" @ONLY)
  target_include_directories(stos_${layer} PRIVATE "${PROJECT_BINARY_DIR}/embedded")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${file}")
endfunction()

# Makes stos::stos, which is every layer and the headers directly in libstos/.
function(stos_add_umbrella)
  get_property(layers GLOBAL PROPERTY STOS_LAYERS)
  file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/libstos/*.hpp")
  add_library(stos_stos INTERFACE)
  add_library(stos::stos ALIAS stos_stos)
  set_target_properties(stos_stos PROPERTIES EXPORT_NAME stos)
  list(TRANSFORM layers PREPEND "stos::" OUTPUT_VARIABLE libraries)
  target_link_libraries(stos_stos INTERFACE ${libraries})
  target_sources(stos_stos INTERFACE FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}"
                 FILES ${headers})
  set_property(GLOBAL APPEND PROPERTY STOS_LAYERS stos)
endfunction()

# stos_add_program(<name> <output folder> <source>...)
function(stos_add_program name output)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE stos::stos)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/${output}")
  stos_warnings(${name})
endfunction()

# stos_add_programs(<folder> <output folder> [<subfolder that is not for it>...])
# Every <folder>/<name>.cpp and every <folder>/<name>/ with C++ in it becomes a program <name>.
# What a program has besides its main.cpp is a library <name>_parts, so that tests can link it.
function(stos_add_programs folder output)
  file(GLOB singles CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
  foreach(source IN LISTS singles)
    cmake_path(GET source STEM name)
    stos_add_program(${name} ${output} "${source}")
  endforeach()

  file(GLOB_RECURSE nested CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*/*.cpp")
  set(names "")
  foreach(source IN LISTS nested)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}"
               OUTPUT_VARIABLE relative)
    string(REGEX REPLACE "/.*" "" name "${relative}")
    if(name IN_LIST ARGN)
      continue()
    endif()
    list(APPEND names ${name})
    if(relative STREQUAL "${name}/main.cpp")
      set(main_of_${name} "${source}")
    else()
      list(APPEND parts_of_${name} "${source}")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES names)
  foreach(name IN LISTS names)
    if(parts_of_${name})
      add_library(${name}_parts STATIC ${parts_of_${name}})
      target_link_libraries(${name}_parts PUBLIC stos::stos)
      stos_warnings(${name}_parts)
    endif()
    if(main_of_${name})
      stos_add_program(${name} ${output} "${main_of_${name}}")
      if(TARGET ${name}_parts)
        target_link_libraries(${name} PRIVATE ${name}_parts)
      endif()
    endif()
  endforeach()
endfunction()
