// Policies: what people do with encryption: set a policy on a directory, unlock it, lock it. A key is compared with the
// policy's identifier before it is used for anything (kWrongKey). Any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/core/namespace.h"
#include "client/nacre.h"

namespace nacre {

class Policies {
 public:
  Policies(const Environment& environment, Namespace& names) : environment_(environment), names_(names) {}

  // Makes the directory where it is missing, else it must be empty; leaves it unlocked.
  Task<Status> Encrypt(std::string path, std::shared_ptr<const MasterKey> key, PolicyOptions options);
  Task<Status> Unlock(std::string path, std::shared_ptr<const MasterKey> key);
  Task<Status> Lock(std::string path);
  Task<Result<KeyState>> KeyOf(std::string path);
  Result<std::vector<KeyState>> Keys();

 private:
  Task<Status> EncryptOnce(std::string path, std::shared_ptr<const MasterKey> key, PolicyOptions options);
  Task<Result<EncryptionPolicy>> PolicyOf(std::string path);

  const Environment& environment_;
  Namespace& names_;
};

}  // namespace nacre
