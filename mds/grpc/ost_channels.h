// OstChannels: OssDirectory over gRPC. Opens a channel when the cluster map first names an OST, another when it moves. Any
// thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/rpc/channel.h"
#include "mds/core/oss_directory.h"

namespace nacre {

class OstChannels final : public OssDirectory {
 public:
  explicit OstChannels(RpcOptions options) : options_(std::move(options)) {}

  std::shared_ptr<OssApi> Ost(uint32_t index) override;
  void AddressIs(uint32_t index, const std::string& address) override;

 private:
  struct Known {
    std::string address;
    std::shared_ptr<OssApi> oss;
  };
  const RpcOptions options_;
  std::mutex mutex_;  // guards osts_
  std::map<uint32_t, Known> osts_;
};

}  // namespace nacre
