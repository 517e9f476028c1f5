// The tree is made in the filesystem: a file is one create and its writes; commits, closes and times go in batches.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/copy/node.h"
#include "client/core/client_core.h"

namespace nacre {

struct RemoteSinkOptions {
  bool preserve = true;  // modes, times; owners too when this process is root
  v1::LayoutHint hint;   // of new files
};

// What all directories and files of one copy share. Any thread; outlives them.
class RemoteSink {
 public:
  RemoteSink(ClientCore* core, RemoteSinkOptions options) : core_(core), options_(std::move(options)) {}

  std::shared_ptr<SinkDirectory> Directory(DirectoryPtr directory);
  // Closes a batch when enough have come together.
  Task<void> Close(FileCloser::Closing closing, std::function<void(Status)> verdict);
  // Closes the rest.
  Task<void> CloseAll();

  ClientCore* core() const { return core_; }
  const RemoteSinkOptions& options() const { return options_; }

 private:
  static constexpr size_t kBatch = 512;
  struct Pending {
    FileCloser::Closing closing;
    std::function<void(Status)> verdict;
  };
  Task<void> CloseBatch(std::vector<Pending> batch);

  ClientCore* const core_;
  const RemoteSinkOptions options_;
  std::mutex mutex_;  // guards pending_
  std::vector<Pending> pending_;
};

}  // namespace nacre
