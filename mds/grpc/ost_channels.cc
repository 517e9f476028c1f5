#include "mds/grpc/ost_channels.h"

#include "common/rpc/remote_oss.h"

namespace nacre {

std::shared_ptr<OssApi> OstChannels::Ost(uint32_t index) {
  std::lock_guard lock(mutex_);
  auto it = osts_.find(index);
  return it == osts_.end() ? nullptr : it->second.oss;
}

void OstChannels::AddressIs(uint32_t index, const std::string& address) {
  std::lock_guard lock(mutex_);
  Known& known = osts_[index];
  if (known.oss != nullptr && known.address == address) return;
  known.address = address;
  known.oss = ConnectOss(address, options_);
}

}  // namespace nacre
