#include "client/core/file_closer.h"

#include <algorithm>
#include <set>
#include <utility>

namespace nacre {
namespace {

Task<Status> CommitOne(std::shared_ptr<Ost> ost) { co_return co_await ost->Commit(); }

// Every OST that any of the files was written to, once.
Task<void> CommitFor(const std::vector<FileCloser::Closing>* closings, std::map<uint32_t, Status>* verdicts) {
  std::map<uint32_t, std::shared_ptr<Ost>> osts;
  for (const FileCloser::Closing& closing : *closings) {
    for (std::shared_ptr<Ost>& ost : closing.file->WrittenOsts()) osts.emplace(ost->index(), std::move(ost));
  }
  std::vector<Task<Status>> commits;
  for (const auto& [index, ost] : osts) commits.push_back(CommitOne(ost));
  const std::vector<Status> done = co_await WhenAll(std::move(commits));
  size_t i = 0;
  for (const auto& [index, ost] : osts) verdicts->emplace(index, done[i++]);
}

Status Evicted(const OpenFile& file) {
  return Status(Code::kFenced, "this client was evicted while " + ToString(file.fid()) + " was open: it was not heard in time");
}

}  // namespace

Task<std::vector<Status>> FileCloser::Send(std::vector<v1::CloseRequest::Item> items) {
  std::vector<Status> verdicts;
  for (size_t begin = 0; begin < items.size(); begin += kItemsMax) {
    const size_t end = std::min(items.size(), begin + kItemsMax);
    v1::CloseRequest request;
    for (size_t i = begin; i < end; ++i) *request.add_items() = std::move(items[i]);
    const size_t count = end - begin;
    const Result<v1::CloseReply> reply =
        co_await session_->Call(&MdsApi::Close, std::move(request), CallKind::kChange);
    for (size_t i = 0; i < count; ++i) {
      Status verdict = reply.status();
      if (reply.ok() && static_cast<size_t>(reply->codes_size()) != count) {
        verdict = Status(Code::kIo, "the answer to a close has not one verdict for each file");
      } else if (reply.ok() && reply->codes(static_cast<int>(i)) != 0) {
        v1::ReplyHeader header;
        header.set_code(reply->codes(static_cast<int>(i)));
        header.set_message("closing");
        verdict = StatusOf(header);
      }
      verdicts.push_back(std::move(verdict));
    }
  }
  co_return verdicts;
}

Task<std::vector<Status>> FileCloser::CloseAll(std::vector<Closing> closings) {
  std::map<uint32_t, Status> commits;
  co_await CommitFor(&closings, &commits);
  std::vector<Status> verdicts(closings.size());
  std::vector<v1::CloseRequest::Item> items;
  std::vector<size_t> item_of;
  for (size_t i = 0; i < closings.size(); ++i) {
    const OpenFile& file = *closings[i].file;
    verdicts[i] = file.Fate().With(ToString(file.fid()));
    for (const std::shared_ptr<Ost>& ost : file.WrittenOsts()) {
      const Status& commit = commits.at(ost->index());
      if (verdicts[i].ok() && !commit.ok()) verdicts[i] = commit;
    }
    if (file.handle().session == 0) continue;
    if (file.handle().session != session_->number()) {
      if (verdicts[i].ok() && file.handle().write) verdicts[i] = Evicted(file);
      continue;
    }
    v1::CloseRequest::Item item = file.CloseItem();
    // Of writes that were lost no size is reported: the MDS asks the objects.
    if (!verdicts[i].ok()) item.set_has_report(false);
    if (closings[i].mtime_ns) {
      item.set_has_times(true);
      item.set_set_mtime_ns(*closings[i].mtime_ns);
      item.set_set_atime_ns(closings[i].atime_ns.value_or(*closings[i].mtime_ns));
    }
    items.push_back(std::move(item));
    item_of.push_back(i);
  }
  std::vector<Status> closed;
  if (items.size() == 1) {
    closed.push_back(co_await together_.Call(std::move(items.front())));
  } else {
    closed = co_await Send(std::move(items));
  }
  for (size_t i = 0; i < closed.size(); ++i) {
    const OpenFile& file = *closings[item_of[i]].file;
    // Found out only now, the close has gone to a session that never opened it.
    const bool evicted = closed[i].code() == Code::kStale && file.handle().session != session_->number();
    if (verdicts[item_of[i]].ok()) verdicts[item_of[i]] = evicted ? Evicted(file) : closed[i];
  }
  co_return verdicts;
}

bool FileCloser::PutOff(const OpenFile& file) {
  std::lock_guard lock(mutex_);
  // A session's end closes what it had open.
  if (put_off_session_ != file.handle().session) put_off_.clear();
  put_off_session_ = file.handle().session;
  put_off_.push_back(file.CloseItem());
  return put_off_.size() >= kPutOffMax;
}

Task<Status> FileCloser::Close(std::shared_ptr<OpenFile> file) {
  if (file->handle().session != 0 && !file->handle().write) {
    if (PutOff(*file)) co_return co_await Flush();
    co_return Status::Ok();
  }
  std::vector<Closing> one;
  one.push_back(Closing{std::move(file), std::nullopt, std::nullopt});
  const std::vector<Status> verdicts = co_await CloseAll(std::move(one));
  co_return verdicts.front();
}

Task<Status> FileCloser::Flush() {
  std::vector<v1::CloseRequest::Item> items;
  {
    std::lock_guard lock(mutex_);
    if (put_off_session_ == session_->number()) items.swap(put_off_);
    put_off_.clear();
  }
  const std::vector<Status> verdicts = co_await Send(std::move(items));
  for (const Status& verdict : verdicts) {
    // Nothing depends on the close of a file that was only read, but an unreachable server should be named.
    if (verdict.code() == Code::kUnavailable) co_return verdict;
  }
  co_return Status::Ok();
}

}  // namespace nacre
