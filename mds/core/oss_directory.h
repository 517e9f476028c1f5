// OssDirectory: how the metadata server reaches the OSTs. Over gRPC from the cluster map's addresses (mds/main.cc), or a
// test's fakes.
#pragma once

#include <memory>
#include <string>

#include "common/api/oss_api.h"

namespace nacre {

class OssDirectory {
 public:
  virtual ~OssDirectory() = default;
  // Null: this OST is not known. An OST that does not answer is an OssApi whose calls fail with kUnavailable.
  virtual std::shared_ptr<OssApi> Ost(uint32_t index) = 0;
  // The cluster map says: the OST serves there from now on. On the core's strand: must not wait.
  virtual void AddressIs(uint32_t index, const std::string& address) = 0;
};

}  // namespace nacre
