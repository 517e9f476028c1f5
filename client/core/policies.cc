#include "client/core/policies.h"

#include <bit>
#include <utility>

#include "client/crypto/file_keys.h"

namespace nacre {
namespace {

Result<EncryptionPolicy> PolicyFor(const MasterKey& key, const PolicyOptions& options) {
  const uint32_t padding = options.padding_bytes;
  if (padding != 4 && padding != 8 && padding != 16 && padding != 32) {
    return Status(Code::kInvalid, "padding is 4, 8, 16 or 32 bytes");
  }
  const auto flag = static_cast<uint8_t>(std::countr_zero(padding) - 2);
  return NewPolicy(key, options.hctr2_names ? NamesMode::kAes256Hctr2 : NamesMode::kAes256Cts, flag);
}

std::string Describe(const EncryptionPolicy& policy) {
  const char* names = policy.names_mode == NamesMode::kAes256Hctr2 ? "AES-256-HCTR2" : "AES-256-CTS";
  return std::string("AES-256-XTS contents, ") + names + " names, padding " + std::to_string(policy.padding_bytes());
}

}  // namespace

Task<Status> Policies::Encrypt(std::string path, std::shared_ptr<const MasterKey> key, PolicyOptions options) {
  return names_.WithFreshContexts<Status>(
      [this, path = std::move(path), key = std::move(key), options] { return EncryptOnce(path, key, options); });
}

Task<Status> Policies::EncryptOnce(std::string path, std::shared_ptr<const MasterKey> key, PolicyOptions options) {
  const Result<EncryptionPolicy> policy = PolicyFor(*key, options);
  if (!policy.ok()) co_return policy.status();
  const std::string context = EncodeContext(NewContext(*policy, *environment_.random));
  Result<v1::Inode> there = co_await names_.Find(path, Namespace::Last::kFollow);
  if (there.code() == Code::kNotFound) {
    const Result<Namespace::Place> place = co_await names_.Walk(path, Namespace::Last::kLeave);
    if (!place.ok()) co_return place.status();
    if (place->parent()->encrypted()) {
      if (!(*place->parent()->policy() == *policy)) {
        co_return Status(Code::kCrossPolicy, "the directory would lie below one with another policy");
      }
    }
    const uint32_t mode = 0777 & ~environment_.umask;
    const Result<v1::Inode> made = co_await names_.MakeEncryptedIn(place->parent(), place->name, mode, context);
    if (!made.ok()) co_return made.status();
    co_return names_.keys().Add(key);
  }
  if (!there.ok()) co_return there.status();
  if (there->attr().type() != v1::FILE_TYPE_DIRECTORY) co_return Status(Code::kNotDirectory, "only directories have a policy");
  if (!there->context().empty()) {
    const Result<EncryptionContext> has = DecodeContext(AsBytes(there->context()));
    if (!has.ok()) co_return has.status();
    NACRE_CO_RETURN_IF_ERROR(CheckKey(*key, has->policy));
    if (!(has->policy == *policy)) co_return Status(Code::kExists, "the directory has another policy already");
    co_return names_.keys().Add(key);
  }
  v1::SetPolicyRequest request;
  *request.mutable_fid() = there->fid();
  request.set_context(context);
  const Result<v1::SetPolicyReply> reply =
      co_await names_.session().Call(&MdsApi::SetPolicy, std::move(request), CallKind::kChange);
  if (!reply.ok()) co_return reply.status();
  if (reply->inode().context() != context) {
    co_return Status(Code::kIntegrity, "the server set another policy than was sent");
  }
  if (FromWire(there->fid()) == kRootFid) names_.session().SetRoot(reply->inode());
  co_return names_.keys().Add(key);
}

Task<Result<EncryptionPolicy>> Policies::PolicyOf(std::string path) {
  const Result<v1::Inode> inode = co_await names_.Find(std::move(path), Namespace::Last::kFollow);
  if (!inode.ok()) co_return inode.status();
  if (inode->context().empty()) co_return Status(Code::kNoData, "not encrypted: no policy is set here");
  const Result<EncryptionContext> context = DecodeContext(AsBytes(inode->context()));
  if (!context.ok()) co_return Status(Code::kIntegrity, context.status().message());
  co_return context->policy;
}

Task<Status> Policies::Unlock(std::string path, std::shared_ptr<const MasterKey> key) {
  const Result<EncryptionPolicy> policy = co_await PolicyOf(std::move(path));
  if (!policy.ok()) co_return policy.status();
  NACRE_CO_RETURN_IF_ERROR(CheckKey(*key, *policy));
  co_return names_.keys().Add(key);
}

Task<Status> Policies::Lock(std::string path) {
  const Result<EncryptionPolicy> policy = co_await PolicyOf(std::move(path));
  if (!policy.ok()) co_return policy.status();
  co_return names_.keys().Remove(policy->key_identifier);
}

Task<Result<KeyState>> Policies::KeyOf(std::string path) {
  const Result<EncryptionPolicy> policy = co_await PolicyOf(std::move(path));
  if (!policy.ok()) co_return policy.status();
  KeyState state;
  state.identifier = ToHex(policy->key_identifier);
  state.unlocked = names_.keys().Has(policy->key_identifier);
  state.policy = Describe(*policy);
  co_return state;
}

Result<std::vector<KeyState>> Policies::Keys() {
  const Result<std::vector<KeyIdentifier>> known = names_.keys().List();
  if (!known.ok()) return known.status();
  std::vector<KeyState> states;
  for (const KeyIdentifier& identifier : *known) states.push_back({ToHex(identifier), true, ""});
  return states;
}

}  // namespace nacre
