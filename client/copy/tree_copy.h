// TreeCopy: carries one tree from a source to a sink: directories first, files and their chunks many at once, hard links
// when all files are there, attributes of directories last. Memory is bounded by the bytes in flight, whatever the sizes.
// A failed item is listed and the rest goes on. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/copy/node.h"
#include "client/core/async_semaphore.h"
#include "common/base/clock.h"

namespace nacre {

class TreeCopy {
 public:
  TreeCopy(Executor& pool, Clock& clock, const CopyOptions& options)
      : pool_(pool), clock_(clock), options_(options), files_(pool, kFilesAtOnce), bytes_(pool, kBytesAtOnce) {}

  Task<void> Run(std::shared_ptr<SourceNode> root, std::shared_ptr<SinkDirectory> parent, std::string name);
  // The children of root into a directory that is there.
  Task<void> Merge(std::shared_ptr<SourceNode> root, std::shared_ptr<SinkDirectory> into, std::string label);
  // The further names of what was copied, when all else is there.
  Task<void> MakeLinks();
  // Modes, owners, times of directories; last.
  Task<void> SetDirectoryAttributes();
  void Failed(const std::string& label, const Status& why);
  CopyReport TakeReport();

 private:
  static constexpr uint64_t kFilesAtOnce = 64;        // as many as a session has slots for changes (slot_pool.h)
  static constexpr uint64_t kBytesAtOnce = 16 << 20;  // of pieces, from the wait for memory until they are written
  static constexpr Duration kProgressEvery = std::chrono::milliseconds(100);

  struct Link {
    std::shared_ptr<SinkDirectory> directory;
    std::string name, identity, label;
  };
  struct Filled {
    std::shared_ptr<SinkDirectory> directory;
    NodeInfo info;
    std::string label;
  };
  struct First {
    std::shared_ptr<SinkDirectory> directory;
    std::string name;
  };

  Task<void> CopyNode(std::shared_ptr<SourceNode> node, std::shared_ptr<SinkDirectory> parent, std::string name,
                      std::string label);
  Task<void> CopyDirectory(std::shared_ptr<SourceNode> node, std::shared_ptr<SinkDirectory> parent, std::string name,
                           std::string label);
  Task<void> CopyFile(std::shared_ptr<SourceNode> node, std::shared_ptr<SinkDirectory> parent, std::string name,
                      std::string label);
  Task<Status> CopyContent(SourceFile* from, SinkFile* to, uint64_t* end);
  Task<Status> CopyPiece(SourceFile* from, SinkFile* to, ByteRange piece);
  Task<void> CopyOther(std::shared_ptr<SourceNode> node, std::shared_ptr<SinkDirectory> parent, std::string name,
                       std::string label);
  // True: another name of this inode is being copied, this one becomes a link.
  bool IsFurtherName(const NodeInfo& info, const std::shared_ptr<SinkDirectory>& parent, const std::string& name,
                     const std::string& label);
  void Count(uint64_t CopyReport::*what, uint64_t count = 1);

  Executor& pool_;
  Clock& clock_;
  const CopyOptions options_;
  AsyncSemaphore files_;
  AsyncSemaphore bytes_;

  std::mutex mutex_;  // guards all below but the progress call
  CopyReport report_;
  std::map<std::string, First> firsts_;
  std::vector<Link> links_;
  std::vector<Filled> filled_;
  MonotonicTime last_progress_{};
  std::mutex progress_mutex_;  // one progress call at a time
};

}  // namespace nacre
