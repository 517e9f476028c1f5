// From what the servers say of an inode to what nacre.h shows of it. Any thread.
#pragma once

#include <string>

#include "client/core/key_cache.h"
#include "client/nacre.h"
#include "types.pb.h"

namespace nacre {

// A context or symlink target that makes no sense gives kIntegrity, and so does an inode without attributes.
Result<FileInfo> Describe(const v1::Inode& inode, KeyCache& keys);

// The clear target of a symlink; kNoKey when it is locked.
Result<std::string> ReadTarget(const v1::Inode& inode, KeyCache& keys);
// What people see of it: the clear target, or the kernel's no-key form.
Result<std::string> ShownTarget(const v1::Inode& inode, KeyCache& keys);

FileKind KindOf(v1::FileType type);
v1::FileType TypeOf(FileKind kind);
LayoutInfo DescribeLayout(const v1::Inode& inode);
v1::LayoutHint HintOf(const LayoutWish& wish);

}  // namespace nacre
