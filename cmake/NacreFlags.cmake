# Warnings, hardening and sanitizers: one interface target that every target of ours links.
option(NACRE_BENCH "build bench/" ON)
set(NACRE_SANITIZE "" CACHE STRING "empty, 'address' (with undefined) or 'thread'")

add_library(nacre_flags INTERFACE)
target_include_directories(nacre_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(nacre_flags INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)

if(NACRE_SANITIZE STREQUAL "address")
  # With the sanitizers g++ 12 calls libstdc++'s <regex> maybe uninitialized (GCC PR 105562); builds without them still ask.
  target_compile_options(nacre_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                               -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(nacre_flags INTERFACE -fsanitize=address,undefined)
elseif(NACRE_SANITIZE STREQUAL "thread")
  # g++ warns that TSan does not model atomic_thread_fence; ours has none, libstdc++'s few are harmless.
  target_compile_options(nacre_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  target_link_options(nacre_flags INTERFACE -fsanitize=thread)
else()
  target_compile_options(nacre_flags INTERFACE -fstack-protector-strong -fstack-clash-protection
                                               -fcf-protection=full -ftrivial-auto-var-init=zero)
  if(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_options(nacre_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  endif()
endif()
target_compile_definitions(nacre_flags INTERFACE _GLIBCXX_ASSERTIONS NACRE_VERSION="${PROJECT_VERSION}")
target_link_options(nacre_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
