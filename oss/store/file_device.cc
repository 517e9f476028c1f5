#include "oss/store/file_device.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "common/base/units.h"

namespace nacre {
namespace {

constexpr size_t kOpenFilesMax = 512;
constexpr size_t kSyncedOneByOneMax = 8;  // more unsynced files than this: one syncfs is cheaper
constexpr size_t kVectorsMax = 256;       // pieces in one system call
constexpr std::string_view kOverflowSuffix = ".overflow";

std::string TwoHex(uint32_t value) {
  const uint8_t byte = static_cast<uint8_t>(value);
  return ToHex(ByteView(&byte, 1));
}

off_t OffsetOf(uint64_t slot) { return static_cast<off_t>(slot * kPageBytes); }

Status ReadSpan(int fd, SlotSpan span, MutableBytes out) {
  off_t offset = OffsetOf(span.first);
  while (!out.empty()) {
    const ssize_t got = pread(fd, out.data(), out.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "reading an object file");
    if (got == 0) {  // behind the end: never written
      std::fill(out.begin(), out.end(), uint8_t{0});
      return Status::Ok();
    }
    offset += got;
    out = out.subspan(static_cast<size_t>(got));
  }
  return Status::Ok();
}

// From the page cache alone.
bool ReadCachedSpan(int fd, SlotSpan span, MutableBytes out) {
  off_t offset = OffsetOf(span.first);
  while (!out.empty()) {
    const iovec into{out.data(), out.size()};
    const ssize_t got = preadv2(fd, &into, 1, offset, RWF_NOWAIT);
    if (got <= 0) return false;
    offset += got;
    out = out.subspan(static_cast<size_t>(got));
  }
  return true;
}

}  // namespace

// Hands out the bytes of pieces in order, as vectors for pwritev.
class FileDevice::PieceWalker {
 public:
  explicit PieceWalker(const std::vector<ByteView>& pieces) : pieces_(pieces) {}
  // At most count_max vectors of together at most bytes_max.
  int Peek(size_t bytes_max, std::array<iovec, kVectorsMax>& out) const {
    size_t index = index_, at = at_;
    int count = 0;
    while (bytes_max > 0 && index < pieces_.size() && count < static_cast<int>(kVectorsMax)) {
      const size_t part = std::min(bytes_max, pieces_[index].size() - at);
      if (part > 0) out[static_cast<size_t>(count++)] = {const_cast<uint8_t*>(pieces_[index].data() + at), part};
      bytes_max -= part;
      ++index;
      at = 0;
    }
    return count;
  }
  void Advance(size_t bytes) {
    while (bytes > 0) {
      const size_t part = std::min(bytes, pieces_[index_].size() - at_);
      at_ += part;
      bytes -= part;
      if (at_ == pieces_[index_].size()) {
        ++index_;
        at_ = 0;
      }
    }
  }

 private:
  const std::vector<ByteView>& pieces_;
  size_t index_ = 0;
  size_t at_ = 0;
};

Status FileDevice::WriteSpan(int fd, SlotSpan span, PieceWalker& pieces) {
  off_t offset = OffsetOf(span.first);
  size_t left = span.count * kPageBytes;
  std::array<iovec, kVectorsMax> vectors;
  while (left > 0) {
    const int count = pieces.Peek(left, vectors);
    const ssize_t wrote = files_.Write(fd, vectors.data(), count, offset);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EDQUOT) return Status(Code::kNoSpace, "writing an object file: over quota");
    if (wrote <= 0) return ErrnoStatus(wrote < 0 ? errno : EIO, "writing an object file");
    pieces.Advance(static_cast<size_t>(wrote));
    offset += wrote;
    left -= static_cast<size_t>(wrote);
  }
  return Status::Ok();
}

namespace {
Status MakeDirectory(Files& files, const std::string& path) {
  if (files.MakeDirectory(path, 0700) == 0 || errno == EEXIST) return Status::Ok();
  return ErrnoStatus(errno, "making " + path);
}
}  // namespace

Result<std::unique_ptr<FileDevice>> FileDevice::Open(std::string root, Files& files) {
  NACRE_RETURN_IF_ERROR(MakeDirectory(files, root));
  const int fd = files.Open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, "opening " + root);
  // Names and pages that an earlier life left unsynced when it was killed, and that of root itself: Sync knows of none of
  // them, and they may be relied on from now on.
  if (files.SyncFilesystem(fd) != 0) {
    const Status failed = ErrnoStatus(errno, "syncing the filesystem of " + root);
    files.Close(fd);
    return failed;
  }
  return std::unique_ptr<FileDevice>(new FileDevice(std::move(root), files, fd));
}

FileDevice::~FileDevice() { files_.Close(root_fd_); }

std::string FileDevice::DirectoryOf(const ObjectId& id) const {
  return root_ + "/" + TwoHex(DevicePartOf(id)) + "/" + TwoHex(id.fid.oid >> 8 & 0xff);
}

std::string FileDevice::PathOf(const FileName& name) const {
  std::string bytes;
  AppendObjectId(bytes, name.id);
  return DirectoryOf(name.id) + "/" + ToHex(AsBytes(bytes)) +
         std::string(name.region == Region::kOverflow ? kOverflowSuffix : "");
}

std::vector<FileDevice::FileSpan> FileDevice::SplitByFile(const ObjectId& id, const std::vector<SlotSpan>& spans) {
  std::vector<FileSpan> out;
  out.reserve(spans.size());
  for (SlotSpan span : spans) {
    if (span.first < kIdentitySlots) {
      const uint32_t home = std::min(span.count, kIdentitySlots - span.first);
      out.push_back({{id, Region::kHome}, {span.first, home}});
      span = {span.first + home, span.count - home};
    }
    if (span.count > 0) out.push_back({{id, Region::kOverflow}, {span.first - kIdentitySlots, span.count}});
  }
  return out;
}

Result<FileDevice::FilePtr> FileDevice::MakeFile(const FileName& name) {
  const std::string path = PathOf(name);
  const std::string directory = DirectoryOf(name.id);
  for (int tries = 0; tries < 2; ++tries) {
    const int fd = files_.Open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
      NoteNewEntry(directory);
      return std::make_shared<File>(files_, name.id, fd);
    }
    if (errno != ENOENT) break;
    const std::string part = directory.substr(0, directory.rfind('/'));
    NACRE_RETURN_IF_ERROR(MakeDirectory(files_, part));
    NoteNewEntry(root_);
    NACRE_RETURN_IF_ERROR(MakeDirectory(files_, directory));
    NoteNewEntry(part);
  }
  return ErrnoStatus(errno, "making a file of object " + ToString(name.id));
}

Result<FileDevice::FilePtr> FileDevice::OpenFile(const FileName& name, bool make) {
  const int fd = files_.Open(PathOf(name), O_RDWR | O_CLOEXEC, 0);
  if (fd >= 0) return std::make_shared<File>(files_, name.id, fd);
  if (errno != ENOENT) return ErrnoStatus(errno, "opening a file of object " + ToString(name.id));
  if (!make) return FilePtr();
  return MakeFile(name);
}

FileDevice::FilePtr FileDevice::GetOpen(const FileName& name) {
  std::lock_guard lock(mutex_);
  auto it = open_.find(name);
  if (it == open_.end()) return nullptr;
  order_.splice(order_.end(), order_, it->second.place);
  return it->second.file;
}

Result<FileDevice::FilePtr> FileDevice::Get(const FileName& name, bool make) {
  if (FilePtr open = GetOpen(name)) return open;
  Result<FilePtr> file = OpenFile(name, make);
  if (!file.ok() || *file == nullptr) return file;
  FilePtr closed_outside_the_lock;
  std::lock_guard lock(mutex_);
  auto [it, added] = open_.try_emplace(name);
  if (!added) return it->second.file;  // another reader was faster
  it->second = {*file, order_.insert(order_.end(), name)};
  if (open_.size() > kOpenFilesMax) {
    auto oldest = open_.find(order_.front());
    closed_outside_the_lock = std::move(oldest->second.file);
    open_.erase(oldest);
    order_.pop_front();
  }
  return file;
}

void FileDevice::NoteNewEntry(const std::string& directory) {
  std::lock_guard lock(mutex_);
  if (!unsynced_.many) unsynced_.directories.insert(directory);
}

// After the data was written: a Sync that begins now must not miss it.
void FileDevice::MarkUnsynced(const FilePtr& file) {
  std::lock_guard lock(mutex_);
  if (file->dirty || unsynced_.many) return;
  if (unsynced_.files.size() == kSyncedOneByOneMax) {
    unsynced_.many = true;
    for (const FilePtr& one : unsynced_.files) one->dirty = false;
    unsynced_.files.clear();
    unsynced_.directories.clear();
    return;
  }
  file->dirty = true;
  unsynced_.files.push_back(file);
}

Task<Status> FileDevice::Write(const ObjectId& id, const std::vector<SlotSpan>& spans,
                               const std::vector<ByteView>& pieces) {
  PieceWalker walker(pieces);
  for (const FileSpan& part : SplitByFile(id, spans)) {
    const Result<FilePtr> file = Get(part.name, true);
    if (!file.ok()) co_return file.status();
    const Status status = WriteSpan((*file)->fd, part.span, walker);
    MarkUnsynced(*file);
    NACRE_CO_RETURN_IF_ERROR(status.With("object " + ToString(id)));
  }
  co_return Status::Ok();
}

Task<Status> FileDevice::Read(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) {
  for (const FileSpan& part : SplitByFile(id, spans)) {
    const MutableBytes here = out.first(part.span.count * kPageBytes);
    out = out.subspan(here.size());
    const Result<FilePtr> file = Get(part.name, false);
    if (!file.ok()) co_return file.status();
    if (*file == nullptr) {
      std::fill(here.begin(), here.end(), uint8_t{0});
    } else {
      NACRE_CO_RETURN_IF_ERROR(ReadSpan((*file)->fd, part.span, here).With("object " + ToString(id)));
    }
  }
  co_return Status::Ok();
}

bool FileDevice::ReadCached(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) {
  for (const FileSpan& part : SplitByFile(id, spans)) {
    const FilePtr file = GetOpen(part.name);
    const size_t bytes = part.span.count * kPageBytes;
    if (file == nullptr || !ReadCachedSpan(file->fd, part.span, out.first(bytes))) return false;
    out = out.subspan(bytes);
  }
  return true;
}

Task<Status> FileDevice::Sync() {
  Unsynced unsynced;
  {
    std::lock_guard lock(mutex_);
    unsynced = std::exchange(unsynced_, {});
    for (const FilePtr& file : unsynced.files) file->dirty = false;
  }
  if (unsynced.many || unsynced.directories.size() > kSyncedOneByOneMax) {
    if (files_.SyncFilesystem(root_fd_) != 0) co_return ErrnoStatus(errno, "syncing the filesystem of " + root_);
    co_return Status::Ok();
  }
  for (const FilePtr& file : unsynced.files) {
    if (files_.SyncData(file->fd) != 0) co_return ErrnoStatus(errno, "syncing a file of object " + ToString(file->id));
  }
  for (const std::string& directory : unsynced.directories) NACRE_CO_RETURN_IF_ERROR(SyncDirectory(files_, directory));
  co_return Status::Ok();
}

Task<Status> FileDevice::Punch(const ObjectId& id, const std::vector<SlotSpan>& spans) {
  for (const FileSpan& part : SplitByFile(id, spans)) {
    const Result<FilePtr> file = Get(part.name, false);
    if (!file.ok()) co_return file.status();
    if (*file == nullptr) continue;
    if (files_.Punch((*file)->fd, OffsetOf(part.span.first), OffsetOf(part.span.count)) == 0) continue;
    if (errno == EOPNOTSUPP) co_return Status::Ok();  // then the slots keep their blocks until used again
    co_return ErrnoStatus(errno, "punching a file of object " + ToString(id));
  }
  co_return Status::Ok();
}

Status FileDevice::RemoveFile(const FileName& name) {
  FilePtr closed_outside_the_lock;
  {
    std::lock_guard lock(mutex_);
    auto it = open_.find(name);
    if (it != open_.end()) {
      closed_outside_the_lock = std::move(it->second.file);
      order_.erase(it->second.place);
      open_.erase(it);
    }
  }
  if (files_.Remove(PathOf(name)) == 0 || errno == ENOENT) return Status::Ok();
  return ErrnoStatus(errno, "removing a file of object " + ToString(name.id));
}

Task<Status> FileDevice::Remove(const ObjectId& id) {
  const FileName overflow{id, Region::kOverflow}, home{id, Region::kHome};
  NACRE_CO_RETURN_IF_ERROR(RemoveFile(overflow));
  co_return RemoveFile(home);
}

Task<Result<std::vector<ObjectId>>> FileDevice::List(uint32_t part) {
  std::vector<ObjectId> ids;
  const std::string base = root_ + "/" + TwoHex(part);
  if (access(base.c_str(), F_OK) != 0 && errno == ENOENT) co_return ids;
  for (uint32_t sub = 0; sub < 256; ++sub) {
    const std::string directory = base + "/" + TwoHex(sub);
    DIR* entries = opendir(directory.c_str());
    if (entries == nullptr) {
      if (errno == ENOENT) continue;
      co_return ErrnoStatus(errno, "listing " + directory);
    }
    while (const dirent* entry = readdir(entries)) {
      std::string_view name = entry->d_name;
      if (name.ends_with(kOverflowSuffix)) name.remove_suffix(kOverflowSuffix.size());
      const std::optional<std::string> bytes = FromHex(name);
      if (bytes && bytes->size() == kObjectIdBytes) ids.push_back(LoadObjectId(AsBytes(*bytes).data()));
    }
    closedir(entries);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());  // an object may have both files
  co_return ids;
}

Result<ObjectDevice::Space> FileDevice::GetSpace() {
  struct statvfs now;
  if (fstatvfs(root_fd_, &now) != 0) return ErrnoStatus(errno, "asking for the free space of " + root_);
  return Space{.total_bytes = uint64_t{now.f_blocks} * now.f_frsize, .free_bytes = uint64_t{now.f_bavail} * now.f_frsize};
}

}  // namespace nacre
