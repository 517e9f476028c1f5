// The running kernel as oracle: ext4 with the encrypt feature on a loop file, directories under all four paddings,
// names of every length, files around page borders, symlinks up to the longest. What the kernel put on the disk is
// compared with what our ciphers make, bit for bit. Needs root and a kernel with loop devices and fscrypt, and says
// so where it cannot run.
//
//   NACRE_FREEZE_VECTORS=FILE kernel_oracle_test    also writes the facts (some of the names) for machines without
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "client/crypto/file_keys.h"
#include "common/base/bytes.h"
#include "gmock/gmock.h"
#include "tests/integration/kernel_oracle/ext4_image.h"
#include "tests/integration/kernel_oracle/kernel_facts.h"

namespace nacre {
namespace {

constexpr size_t kFileSizes[] = {0, 1, 15, 16, 4095, 4096, 4097, 8191, 8192, 8193, 12287, 12288, 12289};
constexpr size_t kTargetSizes[] = {1,  14, 15,  16,  17,  30,  31,  32,  33,  41,   42,   56,   57,   58,   59,  60,
                                   64, 65, 100, 149, 150, 151, 255, 256, 500, 1000, 4000, 4064, 4065, 4092, 4093};

bool Shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

struct Entry {
  enum class Kind { kName, kFile, kSymlink } kind;
  size_t clear_bytes;
};

struct Vault {
  std::string master;
  uint32_t inode = 0;
  Nonce nonce{};
  std::map<uint32_t, Entry> entries;              // by inode
  std::map<uint32_t, std::string> nokey_texts;    // names by inode, after the keys are gone
  std::map<uint32_t, std::string> nokey_targets;  // of the symlinks
};

class KernelOracle : public testing::Test {
 protected:
  // In a mount namespace of our own: whatever happens to this process, no mount stays.
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to mount a loop image";
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      GTEST_SKIP() << "may not make a mount namespace: " << std::strerror(errno);
    }
    char directory[] = "/tmp/nacre-kernel-oracle-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    root_ = directory;
    image_ = root_ + "/image";
    mount_ = root_ + "/mount";
    ASSERT_EQ(mkdir(mount_.c_str(), 0700), 0);
    if (!Shell("truncate -s 64M " + image_) ||
        !Shell("mkfs.ext4 -q -F -b 4096 -I 256 -N 4096 -O encrypt,^has_journal " + image_)) {
      GTEST_SKIP() << "mkfs.ext4 -O encrypt is not here or does not work";
    }
    if (!Mount()) GTEST_SKIP() << "cannot mount an ext4 image with the encrypt feature over a loop device";
  }
  void TearDown() override {
    if (root_.empty()) return;
    umount2(mount_.c_str(), MNT_DETACH);
    Shell("rm -rf --one-file-system " + root_);
  }

  bool Mount() { return Shell("mount -o loop,user_xattr " + image_ + " " + mount_); }
  void Unmount() { ASSERT_EQ(umount(mount_.c_str()), 0) << std::strerror(errno); }

  // False with errno where the kernel has no fscrypt. The identifier comes from the kernel.
  bool AddKey(const std::string& master, KeyIdentifier* identifier) {
    std::string buffer(sizeof(fscrypt_add_key_arg) + master.size(), '\0');
    auto* arg = reinterpret_cast<fscrypt_add_key_arg*>(buffer.data());
    arg->key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
    arg->raw_size = static_cast<uint32_t>(master.size());
    std::memcpy(arg->raw, master.data(), master.size());
    const File root(mount_, O_RDONLY | O_DIRECTORY);
    if (ioctl(root.fd(), FS_IOC_ADD_ENCRYPTION_KEY, arg) != 0) return false;
    std::memcpy(identifier->data(), arg->key_spec.u.identifier, identifier->size());
    return true;
  }

  static bool SetPolicy(const std::string& directory, const EncryptionPolicy& policy) {
    fscrypt_policy_v2 raw{};
    raw.version = FSCRYPT_POLICY_V2;
    raw.contents_encryption_mode = static_cast<uint8_t>(policy.contents_mode);
    raw.filenames_encryption_mode = static_cast<uint8_t>(policy.names_mode);
    raw.flags = policy.padding_flag;
    std::memcpy(raw.master_key_identifier, policy.key_identifier.data(), policy.key_identifier.size());
    const File file(directory, O_RDONLY | O_DIRECTORY);
    return ioctl(file.fd(), FS_IOC_SET_ENCRYPTION_POLICY, &raw) == 0;
  }

  static uint32_t InodeOf(const std::string& path) {
    struct stat attributes {};
    EXPECT_EQ(lstat(path.c_str(), &attributes), 0) << path;
    return static_cast<uint32_t>(attributes.st_ino);
  }

  static Nonce NonceOf(const std::string& path) {
    Nonce nonce{};
    const File file(path, O_RDONLY);
    EXPECT_EQ(ioctl(file.fd(), FS_IOC_GET_ENCRYPTION_NONCE, nonce.data()), 0) << std::strerror(errno);
    return nonce;
  }

  static void Fill(const std::string& directory, Vault& vault) {
    for (size_t bytes = 1; bytes <= 255; ++bytes) {
      const std::string path = directory + "/" + PatternName(bytes);
      const File file(path, O_CREAT | O_EXCL | O_WRONLY);
      ASSERT_GE(file.fd(), 0) << bytes << " " << std::strerror(errno);
      vault.entries[InodeOf(path)] = {Entry::Kind::kName, bytes};
    }
    for (size_t bytes : kFileSizes) {
      const std::string path = directory + "/file" + std::to_string(bytes), contents = PatternContents(bytes);
      const File file(path, O_CREAT | O_EXCL | O_WRONLY);
      ASSERT_EQ(write(file.fd(), contents.data(), bytes), static_cast<ssize_t>(bytes));
      vault.entries[InodeOf(path)] = {Entry::Kind::kFile, bytes};
    }
    for (size_t bytes : kTargetSizes) {
      const std::string path = directory + "/link" + std::to_string(bytes);
      ASSERT_EQ(symlink(PatternName(bytes).c_str(), path.c_str()), 0) << bytes << " " << std::strerror(errno);
      vault.entries[InodeOf(path)] = {Entry::Kind::kSymlink, bytes};
    }
    EXPECT_EQ(symlink(PatternName(4094).c_str(), (directory + "/too-long").c_str()), -1);
    EXPECT_EQ(errno, ENAMETOOLONG);
  }

  static std::map<uint32_t, std::string> ReadDirectory(const std::string& path) {
    std::map<uint32_t, std::string> names;
    DIR* directory = opendir(path.c_str());
    EXPECT_NE(directory, nullptr);
    while (const dirent* entry = readdir(directory)) {
      if (entry->d_name[0] != '.' || std::strlen(entry->d_name) > 2) {
        names[static_cast<uint32_t>(entry->d_ino)] = entry->d_name;
      }
    }
    closedir(directory);
    return names;
  }

  static void LookWithoutKey(const std::string& directory, Vault& vault) {
    vault.nokey_texts = ReadDirectory(directory);
    ASSERT_EQ(vault.nokey_texts.size(), vault.entries.size());
    for (const auto& [inode, name] : vault.nokey_texts) {
      if (vault.entries.at(inode).kind != Entry::Kind::kSymlink) continue;
      std::string target(8192, '\0');
      const std::string path = std::string(directory).append("/").append(name);
      const ssize_t bytes = readlink(path.c_str(), target.data(), target.size());
      ASSERT_GT(bytes, 0) << std::strerror(errno);
      vault.nokey_targets[inode] = target.substr(0, static_cast<size_t>(bytes));
    }
  }

  // What lies on the disk.
  static KernelDirectory Facts(const Ext4Image& image, const Vault& vault) {
    KernelDirectory facts;
    facts.master = vault.master;
    facts.context = image.EncryptionContext(vault.inode);
    const auto stored_names = image.StoredNames(vault.inode);
    EXPECT_EQ(stored_names.size(), vault.entries.size());
    for (const auto& [inode, entry] : vault.entries) {
      const std::string context = image.EncryptionContext(inode);
      if (entry.kind == Entry::Kind::kName) {
        facts.names.push_back({entry.clear_bytes, Recorded(stored_names.at(inode)), vault.nokey_texts.at(inode)});
      } else if (entry.kind == Entry::Kind::kFile) {
        const std::string stored = entry.clear_bytes == 0 ? "" : image.Blocks(inode);
        facts.files.push_back({context, entry.clear_bytes, Recorded(stored), {}});
      } else {
        facts.symlinks.push_back(
            {context, entry.clear_bytes, Recorded(image.StoredSymlink(inode)), vault.nokey_targets.at(inode)});
      }
    }
    return facts;
  }

  static bool WorthFreezing(const KernelName& name) {
    const size_t bytes = name.clear_bytes;
    return bytes <= 34 || bytes >= 250 || bytes % 16 <= 1 || bytes % 16 == 15 || (bytes >= 147 && bytes <= 151);
  }

  static void Freeze(std::vector<KernelDirectory> directories, const char* path) {
    for (KernelDirectory& directory : directories) {
      std::erase_if(directory.names, [](const KernelName& name) { return !WorthFreezing(name); });
    }
    std::ofstream out(path);
    out << "# Facts gathered from Linux fscrypt on ext4 by tests/integration/kernel_oracle, "
           "see kernel_facts.h there.\n";
    WriteFacts(directories, out);
  }

  std::string root_, image_, mount_;
};

std::string MasterOfSize(size_t bytes) {
  std::string master;
  for (size_t i = 0; i < bytes; ++i) master.push_back(static_cast<char>(i + 1));
  return master;
}

TEST_F(KernelOracle, MakesTheSameBytesForAllPaddingsNamesFilesAndSymlinks) {
  std::vector<Vault> vaults;
  for (uint8_t padding_flag = 0; padding_flag < 4; ++padding_flag) {
    Vault vault;
    vault.master = MasterOfSize(padding_flag == 0 ? 32 : 64);
    KeyIdentifier identifier;
    if (!AddKey(vault.master, &identifier)) {
      GTEST_SKIP() << "this kernel takes no fscrypt key: " << std::strerror(errno);
    }
    const MasterKey ours(SecretKey::FromBytes(AsBytes(vault.master)).value());
    ASSERT_EQ(ToHex(ours.identifier()), ToHex(identifier));
    const std::string directory = mount_ + "/vault" + std::to_string(padding_flag);
    ASSERT_EQ(mkdir(directory.c_str(), 0755), 0);
    ASSERT_TRUE(SetPolicy(directory, NewPolicy(ours, NamesMode::kAes256Cts, padding_flag))) << std::strerror(errno);
    vault.inode = InodeOf(directory);
    vault.nonce = NonceOf(directory);
    ASSERT_NO_FATAL_FAILURE(Fill(directory, vault));
    vaults.push_back(std::move(vault));
  }
  ASSERT_NO_FATAL_FAILURE(Unmount());  // the keys go with it
  ASSERT_TRUE(Mount());
  for (size_t i = 0; i < vaults.size(); ++i) {
    ASSERT_NO_FATAL_FAILURE(LookWithoutKey(mount_ + "/vault" + std::to_string(i), vaults[i]));
  }
  ASSERT_NO_FATAL_FAILURE(Unmount());

  const Ext4Image image(image_);
  std::vector<KernelDirectory> directories;
  for (const Vault& vault : vaults) {
    directories.push_back(Facts(image, vault));
    EXPECT_EQ(DecodeContext(AsBytes(directories.back().context)).value().nonce, vault.nonce);
    EXPECT_THAT(Differences(directories.back()), testing::IsEmpty());
  }
  if (const char* path = std::getenv("NACRE_FREEZE_VECTORS"); path != nullptr) Freeze(directories, path);
}

TEST_F(KernelOracle, MakesTheSameBytesForHctr2Names) {
  const std::string master = MasterOfSize(64);
  KeyIdentifier identifier;
  if (!AddKey(master, &identifier)) GTEST_SKIP() << "this kernel takes no fscrypt key: " << std::strerror(errno);
  const MasterKey ours(SecretKey::FromBytes(AsBytes(master)).value());
  const std::string directory = mount_ + "/vault";
  ASSERT_EQ(mkdir(directory.c_str(), 0755), 0);
  if (!SetPolicy(directory, NewPolicy(ours, NamesMode::kAes256Hctr2))) {
    GTEST_SKIP() << "this kernel has no policy with HCTR2: " << std::strerror(errno);
  }
  if (mkdir((directory + "/probe").c_str(), 0755) != 0) {
    GTEST_SKIP() << "this kernel has no HCTR2 (" << std::strerror(errno) << "); the published vectors stand in for it";
  }
  ASSERT_EQ(rmdir((directory + "/probe").c_str()), 0);
  Vault vault;
  vault.master = master;
  vault.inode = InodeOf(directory);
  ASSERT_NO_FATAL_FAILURE(Fill(directory, vault));
  ASSERT_NO_FATAL_FAILURE(Unmount());
  ASSERT_TRUE(Mount());
  ASSERT_NO_FATAL_FAILURE(LookWithoutKey(directory, vault));
  ASSERT_NO_FATAL_FAILURE(Unmount());
  EXPECT_THAT(Differences(Facts(Ext4Image(image_), vault)), testing::IsEmpty());
}

}  // namespace
}  // namespace nacre
