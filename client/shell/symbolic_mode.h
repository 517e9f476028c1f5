// Modes as chmod(1) takes them: octal ("755") or symbolic ("u+rwx,go-w", "a=r", "g=u", "+X"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nacre::shell {

// The new mode bits (07777). umask applies where no one is named ("+w"), as POSIX says. nullopt: no mode.
std::optional<uint32_t> ApplyMode(std::string_view text, uint32_t mode, bool is_directory, uint32_t umask);
std::optional<uint32_t> ParseOctalMode(std::string_view text);

}  // namespace nacre::shell
