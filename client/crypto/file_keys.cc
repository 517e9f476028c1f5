#include "client/crypto/file_keys.h"

namespace nacre {

Status CheckKey(const MasterKey& master, const EncryptionPolicy& policy) {
  if (master.identifier() == policy.key_identifier) return Status::Ok();
  return Status(Code::kWrongKey, "the key is " + ToHex(master.identifier()) + ", the policy asks for " +
                                     ToHex(policy.key_identifier));
}

Result<std::shared_ptr<const PageCipher>> OpenPages(const MasterKey& master, const EncryptionContext& of_file) {
  NACRE_RETURN_IF_ERROR(CheckKey(master, of_file.policy));
  return std::make_shared<const PageCipher>(master.derivation().ContentsKey(of_file.nonce));
}

Result<std::shared_ptr<const NameCipher>> OpenNames(const MasterKey& master, const EncryptionContext& of_directory) {
  NACRE_RETURN_IF_ERROR(CheckKey(master, of_directory.policy));
  return std::make_shared<const NameCipher>(master.derivation().NamesKey(of_directory.nonce), of_directory.policy);
}

Result<std::shared_ptr<const SymlinkCipher>> OpenTarget(const MasterKey& master, const EncryptionContext& of_symlink) {
  NACRE_RETURN_IF_ERROR(CheckKey(master, of_symlink.policy));
  return std::make_shared<const SymlinkCipher>(master.derivation().NamesKey(of_symlink.nonce), of_symlink.policy);
}

EncryptionPolicy NewPolicy(const MasterKey& master, NamesMode names_mode, uint8_t padding_flag) {
  return {.contents_mode = ContentsMode::kAes256Xts,
          .names_mode = names_mode,
          .padding_flag = padding_flag,
          .key_identifier = master.identifier()};
}

EncryptionContext NewContext(const EncryptionPolicy& policy, Random& random) {
  EncryptionContext context{.policy = policy, .nonce = {}};
  random.Fill(context.nonce);
  return context;
}

}  // namespace nacre
