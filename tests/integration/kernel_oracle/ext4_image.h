// Ext4Image reads an unmounted ext4 image without asking the kernel: inodes, their blocks, directory entries,
// encryption
// contexts. So what is compared are the bytes on the disk. Knows small images only: blocks of 4096 bytes, xattrs
// inside the inode, no holes. For tests; throws std::runtime_error on anything else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace nacre {

class Ext4Image {
 public:
  explicit Ext4Image(const std::string& path);
  ~Ext4Image();
  Ext4Image(const Ext4Image&) = delete;
  Ext4Image& operator=(const Ext4Image&) = delete;

  // All blocks of the inode in order, whole.
  std::string Blocks(uint32_t inode) const;
  // A symlink's stored bytes, i_size of them, from the inode or from its block.
  std::string StoredSymlink(uint32_t inode) const;
  // The value of the encryption xattr; empty without one.
  std::string EncryptionContext(uint32_t inode) const;
  // Inode number to stored name, without "." and "..".
  std::map<uint32_t, std::string> StoredNames(uint32_t directory) const;

 private:
  std::string Read(uint64_t offset, size_t bytes) const;
  std::string Inode(uint32_t number) const;
  void AppendTree(const std::string& node, std::string& out) const;

  int fd_;
  uint32_t inodes_per_group_ = 0, inode_bytes_ = 0, descriptor_bytes_ = 0;
};

}  // namespace nacre
