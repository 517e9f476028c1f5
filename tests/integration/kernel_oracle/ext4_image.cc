#include "tests/integration/kernel_oracle/ext4_image.h"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

namespace nacre {
namespace {

constexpr size_t kBlock = 4096;
// Field offsets from the kernel's Documentation/filesystems/ext4.
constexpr size_t kSizeAt = 4, kFlagsAt = 0x20, kBlocksAt = 0x28, kBlocksBytes = 60, kExtraBytesAt = 0x80;
constexpr uint32_t kExtentsFlag = 0x80000;
constexpr uint16_t kExtentMagic = 0xF30A;
constexpr uint32_t kXattrMagic = 0xEA020000;
constexpr uint8_t kEncryptionXattr = 9;

uint64_t Little(const std::string& bytes, size_t at, size_t size) {
  if (at + size > bytes.size()) throw std::runtime_error("ext4 image: a field lies outside its structure");
  uint64_t value = 0;
  for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace

Ext4Image::Ext4Image(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) throw std::runtime_error("ext4 image: cannot open " + path);
  const std::string super = Read(1024, 1024);
  if (Little(super, 0x38, 2) != 0xEF53 || Little(super, 0x18, 4) != 2) {
    throw std::runtime_error("ext4 image: no ext4 with blocks of 4096 bytes");
  }
  inodes_per_group_ = static_cast<uint32_t>(Little(super, 0x28, 4));
  inode_bytes_ = static_cast<uint32_t>(Little(super, 0x58, 2));
  const bool wide = Little(super, 0x60, 4) & 0x80;
  descriptor_bytes_ = wide ? static_cast<uint32_t>(Little(super, 0xFE, 2)) : 32;
}

Ext4Image::~Ext4Image() { close(fd_); }

std::string Ext4Image::Read(uint64_t offset, size_t bytes) const {
  std::string out(bytes, '\0');
  if (pread(fd_, out.data(), bytes, static_cast<off_t>(offset)) != static_cast<ssize_t>(bytes)) {
    throw std::runtime_error("ext4 image: short read");
  }
  return out;
}

std::string Ext4Image::Inode(uint32_t number) const {
  const uint32_t group = (number - 1) / inodes_per_group_, index = (number - 1) % inodes_per_group_;
  const std::string descriptor = Read(kBlock + uint64_t{group} * descriptor_bytes_, 32);
  return Read(Little(descriptor, 8, 4) * kBlock + uint64_t{index} * inode_bytes_, inode_bytes_);
}

std::string Ext4Image::Blocks(uint32_t number) const {
  const std::string inode = Inode(number);
  if ((Little(inode, kFlagsAt, 4) & kExtentsFlag) == 0) throw std::runtime_error("ext4 image: no extents");
  std::string out;
  AppendTree(inode.substr(kBlocksAt, kBlocksBytes), out);
  return out;
}

void Ext4Image::AppendTree(const std::string& node, std::string& out) const {
  if (Little(node, 0, 2) != kExtentMagic) throw std::runtime_error("ext4 image: not a node of an extent tree");
  const bool leaf = Little(node, 6, 2) == 0;
  for (uint64_t i = 0; i < Little(node, 2, 2); ++i) {
    const size_t entry = 12 + 12 * i;
    if (Little(node, entry, 4) * kBlock != out.size()) throw std::runtime_error("ext4 image: a hole");
    if (leaf) {
      const uint64_t first = Little(node, entry + 8, 4) | Little(node, entry + 6, 2) << 32;
      out += Read(first * kBlock, Little(node, entry + 4, 2) * kBlock);
    } else {
      AppendTree(Read((Little(node, entry + 4, 4) | Little(node, entry + 8, 2) << 32) * kBlock, kBlock), out);
    }
  }
}

std::string Ext4Image::StoredSymlink(uint32_t number) const {
  const std::string inode = Inode(number);
  const size_t size = Little(inode, kSizeAt, 4);
  return size < kBlocksBytes ? inode.substr(kBlocksAt, size) : Blocks(number).substr(0, size);
}

std::string Ext4Image::EncryptionContext(uint32_t number) const {
  const std::string inode = Inode(number);
  const size_t header = kExtraBytesAt + Little(inode, kExtraBytesAt, 2);
  if (Little(inode, header, 4) != kXattrMagic) return {};
  const size_t first = header + 4;
  for (size_t at = first; Little(inode, at, 4) != 0;) {
    const size_t name_bytes = Little(inode, at, 1);
    if (Little(inode, at + 1, 1) == kEncryptionXattr && name_bytes == 1 && inode[at + 16] == 'c') {
      return inode.substr(first + Little(inode, at + 2, 2), Little(inode, at + 8, 4));
    }
    at += 16 + (name_bytes + 3) / 4 * 4;
  }
  return {};
}

std::map<uint32_t, std::string> Ext4Image::StoredNames(uint32_t directory) const {
  std::map<uint32_t, std::string> names;
  const std::string blocks = Blocks(directory);
  for (size_t block = 0; block < blocks.size(); block += kBlock) {
    for (size_t at = block; at < block + kBlock;) {
      const auto number = static_cast<uint32_t>(Little(blocks, at, 4));
      const size_t record_bytes = Little(blocks, at + 4, 2);
      if (record_bytes < 8) throw std::runtime_error("ext4 image: a directory record without length");
      const std::string name = blocks.substr(at + 8, Little(blocks, at + 6, 1));
      if (number != 0 && name != "." && name != "..") names[number] = name;
      at += record_bytes;
    }
  }
  return names;
}

}  // namespace nacre
