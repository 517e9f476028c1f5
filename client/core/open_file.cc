#include "client/core/open_file.h"

#include <algorithm>
#include <utility>

namespace nacre {
namespace {

constexpr uint64_t kChunksPerFile = 8;

Result<std::shared_ptr<const OpenFile::Placement>> PlacementOf(const v1::Inode& inode) {
  Result<Layout> layout = FromWire(inode.layout());
  if (!layout.ok()) return layout.status().With("layout of " + ToString(FromWire(inode.fid())));
  auto placement = std::make_shared<OpenFile::Placement>();
  placement->mirror_id = layout->mirrors.front().id;
  placement->component = std::move(layout->mirrors.front().components.front());
  placement->generation = layout->generation;
  placement->file_epoch = inode.attr().file_epoch();
  return std::shared_ptr<const OpenFile::Placement>(std::move(placement));
}

}  // namespace

OpenFile::OpenFile(const FileServices& services, const v1::Inode& inode, Handle handle,
                   std::shared_ptr<const PageCoder> coder)
    : services_(services), fid_(FromWire(inode.fid())), handle_(handle), coder_(std::move(coder)),
      pages_(*services.environment.pool), in_flight_(*services.environment.pool, kChunksPerFile) {}

Status OpenFile::CheckRegular(const v1::Inode& inode) {
  const std::string fid = ToString(FromWire(inode.fid()));
  if (inode.attr().type() == v1::FILE_TYPE_DIRECTORY) return Status(Code::kIsDirectory, fid + " is a directory");
  if (inode.attr().type() != v1::FILE_TYPE_REGULAR) return Status(Code::kInvalid, fid + " is no regular file");
  return Status::Ok();
}

Result<std::shared_ptr<OpenFile>> OpenFile::Make(const FileServices& services, const v1::Inode& inode, Handle handle) {
  NACRE_RETURN_IF_ERROR(CheckRegular(inode));
  Result<std::shared_ptr<const PageCoder>> coder = PageCoder::Open(inode, services.keys);
  if (!coder.ok()) return coder.status();
  std::shared_ptr<OpenFile> file(new OpenFile(services, inode, handle, *std::move(coder)));
  NACRE_RETURN_IF_ERROR(file->Adopt(inode));
  return file;
}

Result<std::shared_ptr<OpenFile>> OpenFile::MakeRaw(const FileServices& services, const v1::Inode& inode,
                                                    Handle handle) {
  NACRE_RETURN_IF_ERROR(CheckRegular(inode));
  std::shared_ptr<OpenFile> file(new OpenFile(services, inode, handle, nullptr));
  NACRE_RETURN_IF_ERROR(file->Adopt(inode));
  return file;
}

Status OpenFile::Adopt(const v1::Inode& inode) {
  if (inode.attr().size() > kFileBytesMax) return Status(Code::kIntegrity, ToString(fid_) + " has an impossible size");
  Result<std::shared_ptr<const Placement>> placement = PlacementOf(inode);
  if (!placement.ok()) return placement.status();
  std::lock_guard lock(mutex_);
  // Under one file epoch nothing shrinks, and an answer of the MDS may be older than our latest writes. Under another
  // one they may have been cut off.
  if (placement_ != nullptr && placement_->file_epoch != (*placement)->file_epoch) written_end_ = 0;
  inode_ = inode;
  placement_ = *std::move(placement);
  size_ = std::max(inode.attr().size(), written_end_);
  return Status::Ok();
}

v1::Inode OpenFile::Inode() const {
  std::lock_guard lock(mutex_);
  v1::Inode inode = inode_;
  inode.mutable_attr()->set_size(size_);
  inode.mutable_attr()->set_mtime_ns(std::max(mtime_ns_, inode.attr().mtime_ns()));
  return inode;
}

uint64_t OpenFile::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

std::shared_ptr<const OpenFile::Placement> OpenFile::placement() const {
  std::lock_guard lock(mutex_);
  return placement_;
}

Status OpenFile::CheckUsable(bool for_write) const {
  if (for_write && handle_.session != 0 && !handle_.write) {
    return Status(Code::kNotPermitted, ToString(fid_) + " is not open for writing");
  }
  if (!for_write && !handle_.read) return Status(Code::kNotPermitted, ToString(fid_) + " is not open for reading");
  if (coder_ == nullptr) return Status(Code::kNoKey, ToString(fid_) + " is open without its key");
  NACRE_RETURN_IF_ERROR(fate_->status().With(ToString(fid_)));
  if (handle_.session != 0 && handle_.session != services_.session->number()) {
    return Status(Code::kFenced, "this client was evicted after " + ToString(fid_) + " was opened: it was not heard in time");
  }
  return Status::Ok();
}

v1::ObjectId OpenFile::ObjectOf(const Placement& placement, uint32_t stripe) const {
  return ToWire(ObjectId{.fid = fid_,
                         .component = static_cast<uint16_t>(placement.component.id),
                         .mirror = placement.mirror_id,
                         .stripe = stripe});
}

Task<Status> OpenFile::Refetch() {
  v1::GetAttrRequest request;
  *request.mutable_fid() = ToWire(fid_);
  const Result<v1::GetAttrReply> reply =
      co_await services_.session->Call(&MdsApi::GetAttr, std::move(request), CallKind::kLook);
  if (!reply.ok()) co_return reply.status();
  co_return Adopt(reply->inode());
}

Task<bool> OpenFile::MayRetry(Status status, std::shared_ptr<const Placement> used, int attempt,
                              MonotonicTime limit) {
  const Environment& environment = services_.environment;
  const Code code = status.code();
  const bool moved = code == Code::kStaleEpoch || code == Code::kStaleLayout || code == Code::kStale;
  if (!moved && code != Code::kLostRace) co_return false;
  if (environment.clock->Now() >= limit) co_return false;
  if (moved) {
    const Status fetched = co_await Refetch();
    if (!fetched.ok()) co_return false;
    const std::shared_ptr<const Placement> now = placement();
    // A destroyed object whose file still has the same ones: trying again would find the same.
    if (code == Code::kStale && now->mirror_id == used->mirror_id && now->generation == used->generation &&
        now->file_epoch == used->file_epoch) {
      co_return false;
    }
  }
  if (attempt > 0) co_await Sleep(*environment.timers, *environment.pool, BackOff(attempt, *environment.random));
  co_return true;
}

Task<Status> OpenFile::Sync() {
  const std::vector<std::shared_ptr<Ost>> osts = WrittenOsts();
  std::vector<Task<Status>> commits;
  for (const std::shared_ptr<Ost>& ost : osts) commits.push_back(ost->Commit());
  const std::vector<Status> done = co_await WhenAll(std::move(commits));
  NACRE_CO_RETURN_IF_ERROR(fate_->status().With(ToString(fid_)));
  for (const Status& status : done) {
    if (!status.ok()) co_return status;
  }
  // Stable, but behind a size that was made exact without it (see SendChunk).
  if (handle_.write) NACRE_CO_RETURN_IF_ERROR(CheckUsable(true));
  // Its create and its renames too.
  co_return co_await services_.session->Commit();
}

std::vector<std::shared_ptr<Ost>> OpenFile::WrittenOsts() const {
  std::vector<std::shared_ptr<Ost>> osts;
  std::lock_guard lock(mutex_);
  for (uint32_t index : written_osts_) osts.push_back(services_.osts.Get(index));
  return osts;
}

v1::CloseRequest::Item OpenFile::CloseItem() const {
  v1::CloseRequest::Item item;
  *item.mutable_fid() = ToWire(fid_);
  item.set_handle(handle_.xid);
  if (!handle_.write) return item;
  std::lock_guard lock(mutex_);
  if (!knows_all_writes_) return item;  // no size to report: the MDS asks the objects, fencing them first
  item.set_has_report(true);
  item.set_size(size_);
  uint64_t allocated = 0;
  for (const auto& [stripe, bytes] : allocated_) allocated += bytes;
  const bool all_known = allocated_.size() == placement_->component.stripe_count();
  item.set_blocks(all_known ? allocated / 512 : std::max(allocated / 512, inode_.attr().blocks()));
  item.set_mtime_ns(mtime_ns_);
  return item;
}

}  // namespace nacre
