// FileDevice: an ObjectDevice on a directory: an object's home slots are the pages of ROOT/xx/yy/<object id in hex>, which
// is therefore as long as the object; its overflow slots, if it has any, those of a second file beside it, .overflow. (In
// one file they would begin a terabyte in, and every cp, tar and scan of a data directory would choke on the hole.)
//
//   xx: low byte of the FID's sequence (the device part)    yy: second byte of its number
// so that files made together share a directory, and no directory grows without bound. Any thread. Open files are kept
// for the next request, a bounded number; a file whose data is not synced stays open, so that no write error is lost,
// until so many are that the whole filesystem is synced instead.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "oss/core/object_device.h"

namespace nacre {

class FileDevice final : public ObjectDevice {
 public:
  // Makes root where there is none. files outlives the device.
  static Result<std::unique_ptr<FileDevice>> Open(std::string root, Files& files = SystemFiles());
  ~FileDevice() override;

  Task<Status> Write(const ObjectId& id, const std::vector<SlotSpan>& spans, const std::vector<ByteView>& pieces) override;
  Task<Status> Read(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) override;
  bool ReadCached(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) override;
  Task<Status> Sync() override;
  Task<Status> Punch(const ObjectId& id, const std::vector<SlotSpan>& spans) override;
  Task<Status> Remove(const ObjectId& id) override;
  Task<Result<std::vector<ObjectId>>> List(uint32_t part) override;
  Result<Space> GetSpace() override;

 private:
  struct File {
    File(Files& calls, const ObjectId& object, int descriptor) : files(calls), id(object), fd(descriptor) {}
    ~File() { files.Close(fd); }
    Files& files;
    const ObjectId id;
    const int fd;
    bool dirty = false;  // guarded by the device's mutex
  };
  using FilePtr = std::shared_ptr<File>;
  enum class Region { kHome, kOverflow };
  class PieceWalker;
  struct FileName {
    ObjectId id;
    Region region = Region::kHome;
    friend auto operator<=>(const FileName&, const FileName&) = default;
  };
  // A span inside one of the two files, in that file's own slots.
  struct FileSpan {
    FileName name;
    SlotSpan span;
  };
  struct CachedFile {
    FilePtr file;
    std::list<FileName>::iterator place;
  };
  struct Unsynced {
    std::vector<FilePtr> files;      // while they are few
    bool many = false;               // sync everything
    std::set<std::string> directories;
  };

  FileDevice(std::string root, Files& files, int root_fd) : root_(std::move(root)), files_(files), root_fd_(root_fd) {}
  std::string DirectoryOf(const ObjectId& id) const;
  std::string PathOf(const FileName& name) const;
  static std::vector<FileSpan> SplitByFile(const ObjectId& id, const std::vector<SlotSpan>& spans);
  FilePtr GetOpen(const FileName& name);  // null: not open at this moment
  Result<FilePtr> Get(const FileName& name, bool make);  // null: there is none
  Result<FilePtr> OpenFile(const FileName& name, bool make);
  Result<FilePtr> MakeFile(const FileName& name);
  Status RemoveFile(const FileName& name);
  void MarkUnsynced(const FilePtr& file);
  void NoteNewEntry(const std::string& directory);
  Status WriteSpan(int fd, SlotSpan span, PieceWalker& pieces);

  const std::string root_;
  Files& files_;
  const int root_fd_;
  std::mutex mutex_;  // guards all below
  std::map<FileName, CachedFile> open_;
  std::list<FileName> order_;  // longest unused first
  Unsynced unsynced_;
};

}  // namespace nacre
