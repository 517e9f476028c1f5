// What a copy sees of either side: a tree to read (SourceNode) and a tree to make (SinkDirectory), each once for this
// machine's files and once for the filesystem. TreeCopy drives any pair. Objects may be used from any thread, each by one
// Task at a time unless said.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/core/piece_memory.h"
#include "client/nacre.h"
#include "common/base/task.h"

namespace nacre {

struct ByteRange {
  uint64_t begin = 0, end = 0;
};

using Xattrs = std::vector<std::pair<std::string, std::string>>;

struct NodeInfo {
  FileKind kind = FileKind::kRegular;
  uint32_t mode = 0, uid = 0, gid = 0, nlink = 1;
  uint64_t size = 0, rdev = 0;
  int64_t atime_ns = 0, mtime_ns = 0;
  std::string identity;  // same inode, same text: hard links are found by it
  std::string target;    // of a symlink
  Status problem = Status::Ok();  // it is damaged: not to be copied, and the rest is not right
};

// Content to read. Read may be called several times at once.
class SourceFile {
 public:
  virtual ~SourceFile() = default;
  // The next range at or behind `from` that may hold data; empty at the end.
  virtual Result<ByteRange> NextData(uint64_t from) = 0;
  // Fewer bytes only at the end. holes: ranges of the file within what was read that hold no data. Goes on on the pool.
  virtual Task<Result<size_t>> Read(uint64_t offset, MutableBytes out, std::vector<ByteRange>* holes) = 0;
  virtual Task<void> Close() = 0;
};

class SourceNode {
 public:
  virtual ~SourceNode() = default;
  virtual const std::string& name() const = 0;
  virtual const NodeInfo& info() const = 0;
  virtual Task<Result<std::unique_ptr<SourceFile>>> Open() = 0;
  // user.* only.
  virtual Task<Result<Xattrs>> ReadXattrs() = 0;
  // Children, some at a time; an empty answer is the end.
  virtual Task<Result<std::vector<std::shared_ptr<SourceNode>>>> NextChildren() = 0;
};

// Content to write. Write may be called several times at once, for different pieces.
class SinkFile {
 public:
  virtual ~SinkFile() = default;
  // Where a piece that begins at `offset` should end, at most `end`: never more than a chunk, best for the layout.
  virtual uint64_t PieceEnd(uint64_t offset, uint64_t end) const = 0;
  // For a piece of so many bytes, before it is read. Waits while too much is under way.
  virtual Task<PieceMemory> MemoryFor(uint64_t bytes) = 0;
  // offset is a page border; the first `bytes` of memory are the piece; holes lie inside it and need not be stored. Called on
  // the pool: what blocks or enciphers is done on the thread that calls.
  virtual Task<Status> Write(uint64_t offset, PieceMemory memory, uint64_t bytes, std::vector<ByteRange> holes) = 0;
  virtual Task<Status> SetXattrs(Xattrs xattrs) = 0;
  // All is written; size: of the whole, holes at the end included. The verdict may come later, to `verdict`, once.
  virtual Task<void> Finish(uint64_t size, std::function<void(Status)> verdict) = 0;
};

// Called several times at once.
class SinkDirectory {
 public:
  virtual ~SinkDirectory() = default;
  // As in NodeInfo, where a source could be the same; else empty.
  virtual std::string identity() const { return std::string(); }
  virtual Task<Result<std::shared_ptr<SinkDirectory>>> MakeDirectory(std::string name, NodeInfo info) = 0;
  // What is there already is overwritten.
  virtual Task<Result<std::shared_ptr<SinkFile>>> MakeFile(std::string name, NodeInfo info) = 0;
  // Symlinks and special files.
  virtual Task<Status> MakeOther(std::string name, NodeInfo info) = 0;
  // A further name of what was made as `first_name` in `first`.
  virtual Task<Status> Link(SinkDirectory* first, std::string first_name, std::string name) = 0;
  virtual Task<Status> SetXattrs(Xattrs xattrs) = 0;
  // Mode, owner and times of the directory itself, after everything in it is done.
  virtual Task<Status> SetAttributes(NodeInfo info) = 0;
};

}  // namespace nacre
