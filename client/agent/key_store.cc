#include "client/agent/key_store.h"

namespace nacre::agent {

Code KeyStore::Add(const Request& request) {
  if (keys_.size() >= kKeysMax) return Code::kNoSpace;
  Result<SecretKey> key = SecretKey::FromBytes(request.key);
  if (!key.ok()) return key.code();
  keys_.insert_or_assign({request.fsid, request.identifier}, std::move(key).value());
  return Code::kOk;
}

MessageBuffer KeyStore::Serve(const Request& request) {
  const std::pair<std::string, KeyIdentifier> name(request.fsid, request.identifier);
  switch (request.operation) {
    case Operation::kAdd:
      return EncodeReply(Add(request), {});
    case Operation::kFind: {
      auto at = keys_.find(name);
      return at == keys_.end() ? EncodeReply(Code::kNoKey, {}) : EncodeReply(Code::kOk, at->second.bytes());
    }
    case Operation::kRemove:
      return EncodeReply(keys_.erase(name) == 1 ? Code::kOk : Code::kNoKey, {});
    case Operation::kList: {
      std::string identifiers;
      for (const auto& [key_name, key] : keys_) {
        if (key_name.first == request.fsid) identifiers += ToString(ByteView(key_name.second));
      }
      return EncodeReply(Code::kOk, AsBytes(identifiers));
    }
    case Operation::kRemoveAll:
      std::erase_if(keys_, [&](const auto& entry) { return entry.first.first == request.fsid; });
      return EncodeReply(Code::kOk, {});
  }
  return EncodeReply(Code::kInvalid, {});
}

}  // namespace nacre::agent
