// Raw key files: 32 to 64 bytes and nothing else. Read straight into guarded memory.
#pragma once

#include <string>

#include "client/crypto/secret_key.h"
#include "common/base/status.h"

namespace nacre::shell {

// kInvalid: not 32..64 bytes.
Result<SecretKey> ReadKeyFile(const std::string& path);

}  // namespace nacre::shell
