#include "client/copy/tree_copy.h"

#include <algorithm>
#include <utility>

#include "client/core/path.h"
#include "common/base/units.h"

namespace nacre {
namespace {

constexpr size_t kChildrenAtOnce = 512;

// What is shared by the pieces of one file: the first failure stops the rest.
struct Pieces {
  std::mutex mutex;  // guards the rest
  Status first_error;
};

}  // namespace

void TreeCopy::Count(uint64_t CopyReport::*what, uint64_t count) {
  uint64_t bytes = 0, files = 0;
  {
    std::lock_guard lock(mutex_);
    report_.*what += count;
    bytes = report_.bytes;
    files = report_.files;
    if (!options_.progress) return;
    const MonotonicTime now = clock_.Now();
    if (now - last_progress_ < kProgressEvery) return;
    last_progress_ = now;
  }
  if (!progress_mutex_.try_lock()) return;
  options_.progress(bytes, files);
  progress_mutex_.unlock();
}

void TreeCopy::Failed(const std::string& label, const Status& why) {
  std::lock_guard lock(mutex_);
  report_.failures.emplace_back(label, why);
}

CopyReport TreeCopy::TakeReport() {
  std::lock_guard lock(mutex_);
  std::sort(report_.failures.begin(), report_.failures.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  return std::move(report_);
}

Task<void> TreeCopy::Run(std::shared_ptr<SourceNode> root, std::shared_ptr<SinkDirectory> parent, std::string name) {
  std::string label = name;
  return CopyNode(std::move(root), std::move(parent), std::move(name), std::move(label));
}

Task<void> TreeCopy::CopyNode(std::shared_ptr<SourceNode> node, std::shared_ptr<SinkDirectory> parent,
                              std::string name, std::string label) {
  const NodeInfo& info = node->info();
  if (!info.problem.ok()) {
    Failed(label, info.problem);
    co_return;
  }
  if (info.kind == FileKind::kDirectory) {
    co_await CopyDirectory(std::move(node), std::move(parent), std::move(name), std::move(label));
    co_return;
  }
  if (IsFurtherName(info, parent, name, label)) co_return;
  const AsyncSemaphore::Units one = co_await files_.Take();
  if (info.kind == FileKind::kRegular) {
    co_await CopyFile(std::move(node), std::move(parent), std::move(name), std::move(label));
  } else {
    co_await CopyOther(std::move(node), std::move(parent), std::move(name), std::move(label));
  }
}

bool TreeCopy::IsFurtherName(const NodeInfo& info, const std::shared_ptr<SinkDirectory>& parent,
                             const std::string& name, const std::string& label) {
  if (info.nlink < 2 || !options_.preserve) return false;
  std::lock_guard lock(mutex_);
  if (firsts_.try_emplace(info.identity, First{parent, name}).second) return false;
  links_.push_back({parent, name, info.identity, label});
  return true;
}

Task<void> TreeCopy::MakeLinks() {
  std::vector<Link> links;
  {
    std::lock_guard lock(mutex_);
    links.swap(links_);
  }
  for (Link& link : links) {
    First first;
    {
      std::lock_guard lock(mutex_);
      first = firsts_.at(link.identity);
    }
    const Status made = co_await link.directory->Link(first.directory.get(), first.name, link.name);
    if (made.ok()) {
      Count(&CopyReport::hard_links);
    } else {
      Failed(link.label, made);
    }
  }
}

Task<void> TreeCopy::CopyDirectory(std::shared_ptr<SourceNode> node, std::shared_ptr<SinkDirectory> parent,
                                   std::string name, std::string label) {
  if (!options_.recursive) {
    Failed(label, Status(Code::kIsDirectory, "a directory, and the copy is not recursive"));
    co_return;
  }
  const Result<std::shared_ptr<SinkDirectory>> made = co_await parent->MakeDirectory(std::move(name), node->info());
  if (!made.ok()) {
    Failed(label, made.status());
    co_return;
  }
  if (!node->info().identity.empty() && (*made)->identity() == node->info().identity) {
    Failed(label, Status(Code::kInvalid, "source and target are the same directory"));
    co_return;
  }
  Count(&CopyReport::directories);
  co_await Merge(std::move(node), *made, std::move(label));
}

// A window moves over the children. Were they taken block by block, each block would end with all waiting for its slowest
// file, which is as a rule the one that closes a batch: the machine idled through a commit of every server.
Task<void> TreeCopy::Merge(std::shared_ptr<SourceNode> root, std::shared_ptr<SinkDirectory> into, std::string label) {
  AsyncSemaphore window(pool_, kChildrenAtOnce);
  TaskGroup copies;
  for (;;) {
    const Result<std::vector<std::shared_ptr<SourceNode>>> children = co_await root->NextChildren();
    if (!children.ok()) {
      Failed(label, children.status());
      break;
    }
    if (children->empty()) break;
    for (const std::shared_ptr<SourceNode>& child : *children) {
      AsyncSemaphore::Units place = co_await window.Take();
      Task<void> copy = CopyNode(child, into, child->name(), JoinPath(label, child->name()));
      copies.Start([](Task<void> owned, AsyncSemaphore::Units held) -> Task<void> {
        const AsyncSemaphore::Units until_copied = std::move(held);
        co_await std::move(owned);
      }(std::move(copy), std::move(place)));
    }
  }
  co_await copies.Drained();
  if (!options_.preserve) co_return;
  Result<Xattrs> xattrs = co_await root->ReadXattrs();
  Status status = xattrs.status();
  if (xattrs.ok() && !xattrs->empty()) status = co_await into->SetXattrs(*std::move(xattrs));
  if (!status.ok()) Failed(label, status);
  std::lock_guard lock(mutex_);
  filled_.push_back({into, root->info(), label});
}

// Last of all, and children before their parents: a hard link made later, or a child's, would move the times again.
Task<void> TreeCopy::SetDirectoryAttributes() {
  std::vector<Filled> filled;
  {
    std::lock_guard lock(mutex_);
    filled.swap(filled_);
  }
  for (Filled& directory : filled) {
    const Status set = co_await directory.directory->SetAttributes(directory.info);
    if (!set.ok()) Failed(directory.label, set);
  }
}

Task<void> TreeCopy::CopyOther(std::shared_ptr<SourceNode> node, std::shared_ptr<SinkDirectory> parent,
                               std::string name, std::string label) {
  const Status made = co_await parent->MakeOther(std::move(name), node->info());
  if (!made.ok()) {
    Failed(label, made);
  } else {
    Count(node->info().kind == FileKind::kSymlink ? &CopyReport::symlinks : &CopyReport::files);
  }
}

Task<void> TreeCopy::CopyFile(std::shared_ptr<SourceNode> node, std::shared_ptr<SinkDirectory> parent,
                              std::string name, std::string label) {
  Result<std::unique_ptr<SourceFile>> from = co_await node->Open();
  if (!from.ok()) {
    Failed(label, from.status());
    co_return;
  }
  const Result<std::shared_ptr<SinkFile>> to = co_await parent->MakeFile(std::move(name), node->info());
  if (!to.ok()) {
    Failed(label, to.status());
    co_await (*from)->Close();
    co_return;
  }
  uint64_t end = 0;
  Status status = co_await CopyContent(from->get(), to->get(), &end);
  if (status.ok() && options_.preserve) {
    Result<Xattrs> xattrs = co_await node->ReadXattrs();
    status = xattrs.status();
    if (xattrs.ok() && !xattrs->empty()) status = co_await (*to)->SetXattrs(*std::move(xattrs));
  }
  co_await (*from)->Close();
  std::function<void(Status)> note = [this, status, label](const Status& verdict) {
    if (verdict.ok() && status.ok()) {
      Count(&CopyReport::files);
    } else {
      Failed(label, status.ok() ? verdict : status);
    }
  };
  co_await (*to)->Finish(end, std::move(note));
}

Task<Status> TreeCopy::CopyContent(SourceFile* from, SinkFile* to, uint64_t* end) {
  co_await Hop(pool_);  // NextData may ask the disk
  Pieces shared;
  TaskGroup pieces;
  for (uint64_t at = 0;;) {
    const Result<ByteRange> data = from->NextData(at);
    if (!data.ok()) {
      std::lock_guard lock(shared.mutex);
      if (shared.first_error.ok()) shared.first_error = data.status();
      break;
    }
    *end = std::max(*end, data->end);
    if (data->begin >= data->end) break;
    bool failed = false;
    for (at = RoundDownToPage(data->begin); at < data->end && !failed;) {
      const ByteRange piece{at, to->PieceEnd(at, data->end)};
      AsyncSemaphore::Units bytes = co_await bytes_.Take(piece.end - piece.begin);
      pieces.Start([](TreeCopy* self, SourceFile* source, SinkFile* sink, ByteRange what, AsyncSemaphore::Units held,
                      Pieces* out) -> Task<void> {
        const AsyncSemaphore::Units until_sent = std::move(held);
        const Status status = co_await self->CopyPiece(source, sink, what);
        std::lock_guard lock(out->mutex);
        if (out->first_error.ok()) out->first_error = status;
      }(this, from, to, piece, std::move(bytes), &shared));
      at = piece.end;
      std::lock_guard lock(shared.mutex);
      failed = !shared.first_error.ok();
    }
    if (failed) break;
  }
  co_await pieces.Drained();
  std::lock_guard lock(shared.mutex);
  co_return shared.first_error;
}

// Once there is room, one job of the pool reads, and (behind Write) enciphers where it read; then the thread is free while
// the piece is sent.
Task<Status> TreeCopy::CopyPiece(SourceFile* from, SinkFile* to, ByteRange piece) {
  const uint64_t wanted = piece.end - piece.begin;
  PieceMemory memory = co_await to->MemoryFor(wanted);
  co_await Hop(pool_);
  std::vector<ByteRange> holes;
  const Result<size_t> got = co_await from->Read(piece.begin, memory.buffer->first(wanted), &holes);
  if (!got.ok()) co_return got.status();
  // The rest would be a hole in the copy: zeros that nobody wrote, and no word of it.
  if (*got < wanted) co_return Status(Code::kIo, "the source became shorter while it was read");
  const Status written = co_await to->Write(piece.begin, std::move(memory), *got, std::move(holes));
  if (written.ok()) Count(&CopyReport::bytes, *got);
  co_return written;
}

}  // namespace nacre
