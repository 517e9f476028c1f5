// The client behind nacre.h: the asynchronous core on real threads, real channels and the user's keys, made to block.
// Wiring and conversion only.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/core/client_core.h"
#include "client/core/operation_counts.h"
#include "client/nacre.h"
#include "common/rpc/completion_loop.h"
#include "common/runtime/thread_pool.h"

namespace nacre {

class BlockingClient final : public Client {
 public:
  static Result<std::unique_ptr<Client>> Connect(const ClientOptions& options);
  ~BlockingClient() override;

  Status Disconnect() override;
  Status Commit() override;
  std::string Fsid() override;

  Result<FileInfo> Stat(std::string_view path, Follow follow) override;
  Status List(std::string_view path, Follow follow,
              const std::function<Status(std::vector<DirectoryEntry>)>& page) override;
  Status List(const FileInfo& directory, const std::function<Status(std::vector<DirectoryEntry>)>& page) override;
  Result<std::string> PathOf(std::string_view fid) override;
  Result<SpaceInfo> Space() override;

  Status MakeDirectory(std::string_view path, uint32_t mode, bool parents) override;
  Status MakeSymlink(std::string_view target, std::string_view path) override;
  Status MakeNode(std::string_view path, FileKind kind, uint32_t mode, uint64_t rdev) override;
  Status Link(std::string_view from, std::string_view to) override;
  Status Unlink(std::string_view path) override;
  Status RemoveDirectory(std::string_view path) override;
  Status RemoveTree(std::string_view path) override;
  Status Rename(std::string_view from, std::string_view to, bool no_replace, bool exchange) override;
  Status SetMode(std::string_view path, uint32_t mode) override;
  Status SetMode(const FileInfo& file, uint32_t mode) override;
  Status SetOwner(std::string_view path, std::optional<uint32_t> uid, std::optional<uint32_t> gid) override;
  Status SetOwner(const FileInfo& file, std::optional<uint32_t> uid, std::optional<uint32_t> gid) override;
  Status SetTimes(std::string_view path, std::optional<int64_t> atime_ns, std::optional<int64_t> mtime_ns) override;
  Status Touch(std::string_view path) override;
  Result<std::string> GetXattr(std::string_view path, std::string_view name) override;
  Result<std::vector<std::pair<std::string, std::string>>> ListXattrs(std::string_view path) override;
  Status SetXattr(std::string_view path, std::string_view name, std::string_view value) override;
  Status RemoveXattr(std::string_view path, std::string_view name) override;

  Result<std::unique_ptr<File>> Open(std::string_view path, const OpenOptions& options) override;
  Status Truncate(std::string_view path, uint64_t size) override;
  Result<CopyReport> Put(const std::string& local, std::string_view path, const CopyOptions& options) override;
  Result<CopyReport> Get(std::string_view path, const std::string& local, const CopyOptions& options) override;
  Result<CopyReport> Copy(std::string_view from, std::string_view to, const CopyOptions& options) override;

  Result<LayoutInfo> GetLayout(std::string_view path) override;
  Status SetLayout(std::string_view path, const LayoutWish& wish) override;

  Status Encrypt(std::string_view directory, ByteView master_key, const PolicyOptions& options) override;
  Status Unlock(std::string_view directory, ByteView master_key) override;
  Status Lock(std::string_view directory) override;
  Result<std::vector<KeyState>> Keys() override;
  Result<KeyState> KeyOf(std::string_view path) override;
  Status RawPages(std::string_view path, uint64_t first_page, uint64_t page_count,
                  const std::function<Status(ByteView pages)>& sink) override;

  std::vector<PingResult> Ping() override;
  std::vector<OperationStats> Stats() override;
  std::vector<ServerStats> StatsOfServers() override;
  Result<FsckReport> Fsck(const FsckOptions& options) override;

 private:
  explicit BlockingClient(const ClientOptions& options);
  // The attributes of one inode, changed.
  Status Change(std::string_view path, v1::SetAttrRequest request);
  Status Change(const FileInfo& file, v1::SetAttrRequest request);
  Status ListPages(const Directory& directory, const std::function<Status(std::vector<DirectoryEntry>)>& page);
  Result<v1::Inode> Find(std::string_view path, Follow follow);

  const uint32_t umask_;
  SystemClock clock_;
  SystemRandom random_;
  std::shared_ptr<OperationCounts> counts_;  // shared: a call may end after this client
  std::unique_ptr<Keyring> keyring_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<CompletionLoop> loop_;  // ends before the pool: answers go on there
  std::unique_ptr<ClientCore> core_;
  std::mutex end_mutex_;  // guards ended_
  bool ended_ = false;
};

// The File of nacre.h over an OpenFile.
class BlockingFile final : public File {
 public:
  BlockingFile(ClientCore* core, std::shared_ptr<OpenFile> file, bool append)
      : core_(core), file_(std::move(file)), append_(append) {}
  ~BlockingFile() override;

  FileInfo Info() override;
  Result<size_t> Read(uint64_t offset, MutableBytes out) override;
  Status Write(uint64_t offset, ByteView data) override;
  Result<uint64_t> Append(ByteView data) override;
  Status Truncate(uint64_t size) override;
  Status Punch(uint64_t offset, uint64_t length) override;
  Status Sync() override;
  Status Close() override;

 private:
  ClientCore* const core_;
  const std::shared_ptr<OpenFile> file_;
  const bool append_;  // every write goes behind the end
  std::mutex mutex_;   // guards closed_
  bool closed_ = false;
};

}  // namespace nacre
