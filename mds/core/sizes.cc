#include "mds/core/sizes.h"

#include <algorithm>
#include <map>

#include "common/layout/stripe_map.h"
#include "common/wire/wire.h"
#include "mds/core/change.h"

namespace nacre {
namespace {

constexpr size_t kObjectsPerGlimpse = 1000;
constexpr uint32_t kDirectorySize = 4096;

// One object to be asked for, and where its answer goes.
struct Asked {
  size_t wish = 0;
  uint32_t stripe = 0;
};
struct Batch {
  uint32_t ost = 0;
  v1::GlimpseRequest request;
  std::vector<Asked> asked;
};

std::vector<Batch> BatchesFor(Core& core, const std::vector<GlimpseWish>& wishes, bool commit) {
  std::vector<Batch> full;
  std::map<uint32_t, Batch> filling;
  for (size_t at = 0; at < wishes.size(); ++at) {
    for (const v1::Mirror& mirror : wishes[at].layout->mirrors()) {
      const v1::Component& component = mirror.components(0);
      for (int stripe = 0; stripe < component.osts_size(); ++stripe) {
        Batch& batch = filling[component.osts(stripe)];
        batch.ost = component.osts(stripe);
        auto* item = batch.request.add_items();
        *item->mutable_object()->mutable_fid() = ToWire(wishes[at].fid);
        item->mutable_object()->set_component(component.id());
        item->mutable_object()->set_mirror(mirror.id());
        item->mutable_object()->set_stripe(static_cast<uint32_t>(stripe));
        item->set_raise_epoch(wishes[at].raise_epoch);
        batch.asked.push_back({.wish = at, .stripe = static_cast<uint32_t>(stripe)});
        if (batch.asked.size() < kObjectsPerGlimpse) continue;
        full.push_back(std::move(batch));
        filling.erase(component.osts(stripe));
      }
    }
  }
  for (auto& [ost, batch] : filling) full.push_back(std::move(batch));
  for (Batch& batch : full) {
    *batch.request.mutable_header() = core.OssHeader(batch.ost);
    batch.request.set_commit(commit);
  }
  return full;
}

Task<Result<v1::GlimpseReply>> AskOne(Core& core, uint32_t ost, v1::GlimpseRequest request, size_t items) {
  const std::string name = "OST " + std::to_string(ost);
  std::shared_ptr<OssApi> oss = core.osts.Ost(ost);
  if (oss == nullptr) co_return Status(Code::kUnavailable, name + " is not known");
  auto reply = co_await oss->Glimpse(std::move(request));
  if (!reply.ok()) co_return reply.status().With("asking " + name + " for sizes");
  NACRE_CO_RETURN_IF_ERROR(StatusOf(reply->header()).With("asking " + name + " for sizes"));
  if (static_cast<size_t>(reply->items_size()) != items) {
    co_return Status(Code::kIo, name + " answered for another number of objects");
  }
  co_return reply;
}

struct Judged {
  Fid fid;
  InodePtr row;
  bool settle = false;  // nobody writes: it can become exact
  uint64_t write_opens = 0;
};

// Raises the file epochs of those that can be settled, in one change.
Transno RaiseEpochs(Core& core, std::vector<Judged>& files) {
  if (std::none_of(files.begin(), files.end(), [](const Judged& file) { return file.settle; })) return 0;
  Change change(core);
  for (Judged& file : files) {
    if (!file.settle) continue;
    rows::InodeRow row = *file.row;
    row.mutable_attr()->set_file_epoch(row.attr().file_epoch() + 1);
    change.PutInode(file.fid, row);
    file.row = *core.inodes.Find(file.fid);
  }
  change.Apply();
  return change.transno();
}

// Those on objects that are still there, with what is to be asked.
Result<std::vector<Judged>> Judge(Core& core, const std::vector<Fid>& fids) {
  std::vector<Judged> files;
  for (const Fid& fid : fids) {
    auto row = core.inodes.Find(fid);
    if (row.code() == Code::kStale) continue;
    if (!row.ok()) return row.status();
    if (!IsRegular(**row) || (*row)->attr().size_state() == v1::SIZE_EXACT) continue;
    files.push_back({.fid = fid,
                     .row = *row,
                     .settle = !core.openers.HasWriter(fid) && !core.window.open(),
                     .write_opens = core.openers.WriteOpens(fid)});
  }
  return files;
}

// Makes exact what nobody came to write meanwhile; the sums of the others by FID.
std::map<Fid, ObjectSums> TakeIn(Core& core, const std::vector<Judged>& files, const std::vector<ObjectSums>& sums) {
  std::map<Fid, ObjectSums> open;
  std::optional<Change> change;
  for (size_t at = 0; at < files.size(); ++at) {
    const Judged& file = files[at];
    auto now = core.inodes.Find(file.fid);
    if (!now.ok() || (*now)->attr().size_state() == v1::SIZE_EXACT) continue;
    const bool alone = file.settle && core.openers.WriteOpens(file.fid) == file.write_opens &&
                       (*now)->attr().file_epoch() == file.row->attr().file_epoch();
    if (!alone) {
      open[file.fid] = sums[at];
      continue;
    }
    rows::InodeRow row = **now;
    ApplySums(sums[at], row);
    row.mutable_attr()->set_size_state(v1::SIZE_EXACT);
    if (!change) change.emplace(core);
    change->PutInode(file.fid, std::move(row));
  }
  if (change) change->Apply();
  return open;
}

}  // namespace

Status ShowInode(Core& core, const Fid& fid, const rows::InodeRow& row, v1::Inode* out) {
  *out->mutable_fid() = ToWire(fid);
  *out->mutable_attr() = row.attr();
  out->set_context(row.context());
  out->set_seal(row.seal());
  out->set_symlink_target(row.symlink_target());
  if (row.has_layout()) *out->mutable_layout() = row.layout();
  if (row.has_default_layout()) *out->mutable_default_layout() = row.default_layout();
  if (!IsDirectory(row)) return Status::Ok();
  auto stat = core.inodes.ReadDirstat(fid);
  if (!stat.ok()) return stat.status();
  v1::Attr* attr = out->mutable_attr();
  attr->set_nlink(static_cast<uint32_t>(2 + stat->subdirectories));
  attr->set_size(kDirectorySize);
  attr->set_blocks(kDirectorySize / 512);
  attr->set_mtime_ns(stat->mtime_ns.value_or(0));
  attr->set_ctime_ns(stat->ctime_ns.value_or(0));
  return Status::Ok();
}

Task<Result<std::vector<ObjectSums>>> Glimpse(Core& core, std::vector<GlimpseWish> wishes, bool commit) {
  std::vector<Layout> layouts;
  for (const GlimpseWish& wish : wishes) {
    auto layout = FromWire(*wish.layout);
    if (!layout.ok()) co_return layout.status().With("layout of " + ToString(wish.fid));
    layouts.push_back(*std::move(layout));
  }
  std::vector<Batch> batches = BatchesFor(core, wishes, commit);
  std::vector<Task<Result<v1::GlimpseReply>>> asking;
  for (Batch& batch : batches) {
    asking.push_back(AskOne(core, batch.ost, std::move(batch.request), batch.asked.size()));
  }
  auto replies = co_await ReturnTo(core.strand, WhenAll(std::move(asking)));

  std::vector<ObjectSums> sums(wishes.size());
  std::vector<std::vector<uint64_t>> object_sizes(wishes.size());
  for (size_t at = 0; at < wishes.size(); ++at) {
    object_sizes[at].resize(layouts[at].mirrors[0].components[0].osts.size());
  }
  for (size_t b = 0; b < batches.size(); ++b) {
    if (!replies[b].ok()) co_return replies[b].status();
    for (size_t i = 0; i < batches[b].asked.size(); ++i) {
      const v1::GlimpseReply::Item& item = replies[b]->items(static_cast<int>(i));
      if (!item.exists()) continue;
      ObjectSums& sum = sums[batches[b].asked[i].wish];
      object_sizes[batches[b].asked[i].wish][batches[b].asked[i].stripe] = item.size();
      sum.allocated_bytes += item.allocated_bytes();
      sum.mtime_ns = sum.any ? std::max<int64_t>(sum.mtime_ns, item.mtime_ns()) : item.mtime_ns();
      sum.any = true;
    }
  }
  for (size_t at = 0; at < wishes.size(); ++at) {
    sums[at].size = FileSizeFrom(layouts[at].mirrors[0].components[0], object_sizes[at]);
  }
  co_return sums;
}

void ApplySums(const ObjectSums& sums, rows::InodeRow& row) {
  v1::Attr* attr = row.mutable_attr();
  attr->set_size(sums.size);
  attr->set_blocks(sums.allocated_bytes / 512);
  if (!sums.any || sums.mtime_ns <= row.object_mtime_floor_ns()) return;
  attr->set_mtime_ns(sums.mtime_ns);
  attr->set_ctime_ns(std::max<int64_t>(attr->ctime_ns(), sums.mtime_ns));
  row.set_object_mtime_floor_ns(sums.mtime_ns);
}

Task<Result<std::vector<v1::Inode>>> ShowExact(Core& core, std::vector<Fid> fids) {
  std::vector<Fid> sorted = fids;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<LockTable<Fid>::Held> held;
  for (const Fid& fid : sorted) {
    // It holds the lock until its OST is back: better an answer that names the OST than none.
    const auto waiting = core.waiting_intents.find(fid);
    if (waiting != core.waiting_intents.end()) {
      co_return Status(Code::kUnavailable, "a truncate or punch of " + ToString(fid) + " waits for " + waiting->second);
    }
    auto lock = co_await core.file_locks.Exclusive(fid);
    held.push_back(std::move(lock));
  }
  auto files = Judge(core, sorted);
  if (!files.ok()) co_return files.status();
  std::map<Fid, ObjectSums> open;
  if (!files->empty()) {
    const Transno raised = RaiseEpochs(core, *files);
    co_await core.committer.Stable(raised);
    std::vector<GlimpseWish> wishes;
    for (const Judged& file : *files) {
      wishes.push_back({.fid = file.fid,
                        .layout = &file.row->layout(),
                        .raise_epoch = file.settle ? file.row->attr().file_epoch() : 0});
    }
    auto sums = co_await Glimpse(core, std::move(wishes), raised != 0);
    if (!sums.ok()) co_return sums.status();
    open = TakeIn(core, *files, *sums);
  }
  std::vector<v1::Inode> shown(fids.size());
  for (size_t at = 0; at < fids.size(); ++at) {
    auto row = core.inodes.Find(fids[at]);
    if (row.code() == Code::kStale) continue;
    if (!row.ok()) co_return row.status();
    rows::InodeRow copy = **row;
    if (auto it = open.find(fids[at]); it != open.end()) ApplySums(it->second, copy);
    NACRE_CO_RETURN_IF_ERROR(ShowInode(core, fids[at], copy, &shown[at]));
  }
  co_return shown;
}

Task<Status> MakeSizeExact(Core& core, v1::Inode& inode) {
  if (inode.attr().type() != v1::FILE_TYPE_REGULAR || inode.attr().size_state() == v1::SIZE_EXACT) co_return Status();
  std::vector<Fid> one(1, FromWire(inode.fid()));
  auto shown = co_await ShowExact(core, std::move(one));
  if (!shown.ok()) co_return shown.status();
  if (!shown->front().has_fid()) co_return Status(Code::kStale, "the file was removed meanwhile");
  inode = std::move(shown->front());
  co_return Status();
}

}  // namespace nacre
