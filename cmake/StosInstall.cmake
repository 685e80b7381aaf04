# cmake --install: headers under include/stos, libraries, and a package for find_package(stos).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(stos_headers_dir "${CMAKE_INSTALL_INCLUDEDIR}/stos")
set(stos_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/stos")

get_property(stos_layers GLOBAL PROPERTY STOS_LAYERS)
list(TRANSFORM stos_layers PREPEND stos_ OUTPUT_VARIABLE stos_libraries)
install(TARGETS ${stos_libraries} EXPORT stosTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        FILE_SET HEADERS DESTINATION "${stos_headers_dir}"
        INCLUDES DESTINATION "${stos_headers_dir}")
install(EXPORT stosTargets NAMESPACE stos:: DESTINATION "${stos_package_dir}")
install(TARGETS stos RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/config/stos.yaml" DESTINATION "${CMAKE_INSTALL_DATADIR}/stos"
        OPTIONAL)

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/stosConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/stosConfig.cmake"
                              INSTALL_DESTINATION "${stos_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/stosConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/stosConfig.cmake"
              "${PROJECT_BINARY_DIR}/stosConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindScotch.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindLMDB.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindZstd.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindHiredis.cmake"
        DESTINATION "${stos_package_dir}")
