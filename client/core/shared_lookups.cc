#include "client/core/shared_lookups.h"

#include <limits>
#include <utility>

namespace nacre {

Task<Result<v1::Inode>> SharedLookups::Ask(v1::LookupRequest request) {
  const std::string key = request.SerializeAsString();
  std::shared_ptr<Asking> asking;
  {
    std::lock_guard lock(mutex_);
    std::shared_ptr<Asking>& known = asking_[key];
    if (known == nullptr) {
      known = std::make_shared<Asking>(
          std::numeric_limits<size_t>::max(),
          [this](std::vector<v1::LookupRequest> same) { return SendOne(std::move(same)); },
          [](const Result<v1::Inode>& answer) { return answer.code() == Code::kUnavailable; });
    }
    asking = known;
  }
  Result<v1::Inode> inode = co_await asking->Call(std::move(request));
  std::lock_guard lock(mutex_);
  constexpr int kOursAndTheMaps = 2;
  if (asking.use_count() == kOursAndTheMaps) asking_.erase(key);
  asking.reset();  // under the lock: the next to count must not count us
  co_return inode;
}

Task<std::vector<Result<v1::Inode>>> SharedLookups::SendOne(std::vector<v1::LookupRequest> same) {
  const size_t askers = same.size();
  Result<v1::LookupReply> reply =
      co_await session_->Call(&MdsApi::Lookup, std::move(same.front()), CallKind::kLook);
  const Result<v1::Inode> inode = reply.ok() ? Result<v1::Inode>(std::move(*reply->mutable_inode())) : reply.status();
  co_return std::vector<Result<v1::Inode>>(askers, inode);
}

}  // namespace nacre
