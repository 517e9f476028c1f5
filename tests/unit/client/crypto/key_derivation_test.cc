#include "client/crypto/key_derivation.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "client/crypto/file_keys.h"
#include "gmock/gmock.h"
#include "tests/unit/client/crypto/crypto_test_support.h"

namespace nacre {
namespace {

// The same function by OpenSSL, which shares nothing with libsodium's HMAC.
std::string OpenSslHkdf(ByteView key, std::string info, size_t bytes) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  char digest[] = "SHA512";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<uint8_t*>(key.data()), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
  std::string out(bytes, '\0');
  EXPECT_EQ(EVP_KDF_derive(context, reinterpret_cast<uint8_t*>(out.data()), bytes, params), 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

TEST(KeyDerivation, GivesTheKeyIdentifierThatLinuxGives) {
  EXPECT_EQ(ToHex(KeyDerivation(CountingKey()).key_identifier()), "69b2f6edeee720cce0577937eb8a6751");
}

TEST(KeyDerivation, IsHkdfSha512WithLinuxsLabelsForEveryKeySize) {
  SeededRandom random(1);
  for (size_t size = 32; size <= 64; ++size) {
    const SecretKey master = SecretKey::Generate(random, size);
    Nonce nonce;
    random.Fill(nonce);
    const KeyDerivation derivation(master);
    const std::string label("fscrypt\0", 8), file_info = label + '\x02' + ToString(nonce);
    EXPECT_EQ(ToString(derivation.key_identifier()), OpenSslHkdf(master.bytes(), label + '\x01', 16));
    EXPECT_EQ(ToString(derivation.ContentsKey(nonce).bytes()), OpenSslHkdf(master.bytes(), file_info, 64));
    EXPECT_EQ(ToString(derivation.NamesKey(nonce).bytes()), OpenSslHkdf(master.bytes(), file_info, 32));
  }
}

TEST(FileKeys, RefusesAKeyThatThePolicyDoesNotNameBeforeAnyUse) {
  SeededRandom random(2);
  const MasterKey right(CountingKey()), wrong(CountingKey(32));
  const EncryptionContext context = NewContext(NewPolicy(right), random);
  EXPECT_TRUE(OpenPages(right, context).ok());
  EXPECT_EQ(OpenPages(wrong, context).code(), Code::kWrongKey);
  EXPECT_EQ(OpenNames(wrong, context).code(), Code::kWrongKey);
  EXPECT_EQ(OpenTarget(wrong, context).code(), Code::kWrongKey);
}

TEST(FileKeys, GivesEveryInodeItsOwnNonceUnderTheSamePolicy) {
  SeededRandom random(3);
  const MasterKey master(CountingKey());
  const EncryptionPolicy policy = NewPolicy(master, NamesMode::kAes256Hctr2, 1);
  const EncryptionContext first = NewContext(policy, random), second = NewContext(policy, random);
  EXPECT_EQ(first.policy, second.policy);
  EXPECT_NE(first.nonce, second.nonce);
  EXPECT_EQ(DecodeContext(AsBytes(EncodeContext(first))).value(), first);
  EXPECT_EQ(CheckInheritance(AsBytes(EncodeContext(first)), AsBytes(EncodeContext(second))), Inheritance::kFits);
}

}  // namespace
}  // namespace nacre
