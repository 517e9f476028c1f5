# gRPC, Protobuf and Abseil are some fifty shared libraries; finding and binding them took longer than what a short command
# does (docs/decisions/0008). Here the targets of Debian's packages are pointed at the archives in the same packages.
#
# nacre_prefer_archives(TARGET)   TARGET and what it links, wherever an archive lies beside the shared library
function(nacre_prefer_archives target)
  set(seen "")
  nacre_prefer_archives_below(${target} seen)
endfunction()

function(nacre_prefer_archives_below target seen_variable)
  set(seen ${${seen_variable}} ${target})
  get_target_property(shared ${target} IMPORTED_LOCATION_NONE)
  if(shared MATCHES "/lib(grpc|gpr|upb|address_sorting|absl_)[^/]*[.]so")
    string(REGEX REPLACE "[.]so[.0-9]*$" ".a" archive ${shared})
    if(EXISTS ${archive})
      set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_NONE ${archive})
    endif()
  endif()
  get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
  foreach(library ${libraries})
    if(TARGET ${library} AND NOT library IN_LIST seen)
      nacre_prefer_archives_below(${library} seen)
    endif()
  endforeach()
  set(${seen_variable} ${seen} PARENT_SCOPE)
endfunction()
