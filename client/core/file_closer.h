// FileCloser: closes files, many in one request. A file that was written is first committed on its OSTs, then its size is
// reported with the close; a file that was only read is closed some time later, with others. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "client/core/joint_calls.h"
#include "client/core/open_file.h"

namespace nacre {

class FileCloser {
 public:
  explicit FileCloser(std::shared_ptr<Session> session)
      : session_(std::move(session)),
        together_(kItemsMax, [this](std::vector<v1::CloseRequest::Item> items) { return Send(std::move(items)); },
                  [](const Status& verdict) { return verdict.code() == Code::kUnavailable; }) {}

  struct Closing {
    std::shared_ptr<OpenFile> file;
    // Set in the same change, as utimensat would (put, cp -a).
    std::optional<int64_t> atime_ns, mtime_ns;
  };
  // The verdict over each, in order: the first of what its writes, its commit and its close had to say.
  Task<std::vector<Status>> CloseAll(std::vector<Closing> closings);
  Task<Status> Close(std::shared_ptr<OpenFile> file);
  // What was put off is sent. For the end of a command.
  Task<Status> Flush();

 private:
  static constexpr size_t kItemsMax = 512;  // of one request
  static constexpr size_t kPutOffMax = 64;

  Task<std::vector<Status>> Send(std::vector<v1::CloseRequest::Item> items);
  bool PutOff(const OpenFile& file);

  const std::shared_ptr<Session> session_;
  JointCalls<v1::CloseRequest::Item, Status> together_;  // single closes
  std::mutex mutex_;  // guards all below
  std::vector<v1::CloseRequest::Item> put_off_;
  uint64_t put_off_session_ = 0;
};

}  // namespace nacre
