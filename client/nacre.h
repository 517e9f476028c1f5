// libnacre: the one public header. A Client is one session with one Nacre filesystem; everything blocks and may be called
// from any thread. Nothing of gRPC, Protobuf or the ciphers shows here.
//
// Paths are absolute inside the filesystem ("/a/b"), bytes without NUL. A path through a locked directory uses the no-key
// names that List() shows. Symbolic links are not followed in the last component unless said; in the middle they are.
// Errors: Status codes of common/base/status.h, which are errno in other words (ToErrno). kUnavailable names the server
// that was not reached within wait_timeout.
//
// What a call has changed or written survives the loss of any server while this client lives, and the loss of this client
// while the servers do. It survives both, and a power cut of everything, after Client::Commit, Disconnect, or File::Sync of
// the file concerned. kIo from one of these: something that was answered is lost after all, because this client did not
// come back to a restarted server in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/status.h"

namespace nacre {

struct ClientOptions {
  std::string mds_address;                            // "127.0.0.1:7001" of MDT0000; the rest of the cluster it tells
  std::chrono::milliseconds wait_timeout{60'000};     // how long a call waits for a server before kUnavailable
  bool use_agent = true;                              // unlocked keys live in the user's `nacre agent`; false: in this Client
  std::string agent_program;                          // what to start when none runs; empty: never start one
  size_t cipher_workers = 0;                          // 0: one per core
  uint64_t uncommitted_bytes_max = 64 << 20;          // at the bound the client asks the OSTs for a commit
  std::string client_name;                            // for people: shown in the servers' session lists
  // Told, from any thread, when a call has waited for a server for some seconds: which one, and why. May be empty.
  std::function<void(const std::string&)> notice;
};

enum class FileKind : uint8_t { kRegular = 1, kDirectory, kSymlink, kFifo, kSocket, kCharDevice, kBlockDevice };

struct FileInfo {
  std::string fid;               // [0x2:0x5:0x0]
  FileKind kind = FileKind::kRegular;
  uint32_t mode = 0;             // 07777
  uint32_t uid = 0, gid = 0, nlink = 0;
  uint64_t size = 0;             // exact; of a symlink: length of the target as shown
  uint64_t blocks = 0;           // of 512 bytes
  int64_t atime_ns = 0, mtime_ns = 0, ctime_ns = 0;
  uint64_t rdev = 0;
  bool encrypted = false;        // has an encryption context
  bool locked = false;           // encrypted, and its key is not here
  bool has_xattrs = false;
  std::string context;           // the 40 bytes, empty for none
  std::string symlink_target;    // clear, or the kernel's no-key form when locked
};

struct DirectoryEntry {
  std::string name;  // clear, or the no-key name when the directory is locked
  FileInfo info;
  // Not Ok: it is damaged, or the server lies: info has its FID only, and a name that cannot be read is in the no-key form.
  // Where its inode can be read Unlink and RemoveTree remove it; Fsck tells more.
  Status problem = Status::Ok();
};

struct LayoutInfo {
  uint32_t generation = 0;
  uint32_t mirror_id = 0;
  uint64_t stripe_bytes = 0;
  std::vector<uint32_t> osts;  // stripe i lies on OST osts[i]; of a directory default: empty, see stripe_count
  uint32_t stripe_count = 0;   // 0xffffffff: all
};

struct LayoutWish {            // zeros: the directory's default, else 1 stripe of 1 MiB
  uint32_t stripe_count = 0;   // 0xffffffff: all OSTs
  uint64_t stripe_bytes = 0;
  std::optional<uint32_t> first_ost;
};

struct OpenOptions {
  bool read = true, write = false;
  bool create = false, exclusive = false, truncate = false, append = false;
  uint32_t mode = 0666;        // of a new file, before the umask
  LayoutWish layout;
};

// An open file. Reads and writes of any alignment; size and content exact. Close() (or the destructor, which swallows the
// error) makes the data stable and reports the size; Sync() makes the name stable too. Threads may share one.
class File {
 public:
  virtual ~File() = default;
  virtual FileInfo Info() = 0;  // as of open, with the size this client knows
  // Fills `out` from offset on; fewer bytes only at the end of the file.
  virtual Result<size_t> Read(uint64_t offset, MutableBytes out) = 0;
  virtual Status Write(uint64_t offset, ByteView data) = 0;
  // Behind the end as it is then, whoever else appends; answers the offset written at.
  virtual Result<uint64_t> Append(ByteView data) = 0;
  virtual Status Truncate(uint64_t size) = 0;
  virtual Status Punch(uint64_t offset, uint64_t length) = 0;
  virtual Status Sync() = 0;
  virtual Status Close() = 0;
};

struct CopyOptions {
  bool recursive = false;
  bool preserve = true;                            // modes, times, owners (root), symlinks, hard links, holes, user.* xattrs
  LayoutWish layout;                               // of files that a put makes
  std::function<void(uint64_t bytes, uint64_t files)> progress;  // called now and then, from any thread, never at once twice
};
struct CopyReport {
  uint64_t files = 0, directories = 0, symlinks = 0, hard_links = 0, bytes = 0;
  std::vector<std::pair<std::string, Status>> failures;  // what could not be copied, and why: the rest was
};

struct PolicyOptions {
  bool hctr2_names = false;      // else AES-256-CTS
  uint32_t padding_bytes = 32;   // 4, 8, 16, 32
};
struct KeyState {
  std::string identifier;        // hex, 32 digits
  bool unlocked = false;
  std::string policy;            // "AES-256-XTS contents, AES-256-CTS names, padding 32"; empty if no path was asked
};

struct TargetInfo {
  std::string name;              // MDT0000, OST0002
  std::string address;
  bool up = false;
  uint64_t capacity_bytes = 0, used_bytes = 0, free_bytes = 0, objects = 0;
  uint64_t boot_count = 0;
  int64_t silent_ms = 0;
};
struct SpaceInfo {
  uint64_t capacity_bytes = 0, free_bytes = 0, inodes_used = 0, inodes_free = 0;
  std::vector<TargetInfo> targets;
};
struct PingResult {
  std::string server;            // MDT0000 or OST0001
  std::string address;
  Status status;
  std::chrono::microseconds round_trip{};
  uint32_t clients_awaited = 0;  // not 0: it has restarted, and takes no new work before these have come back,
  std::chrono::milliseconds awaited_for{};  // or this time is over
};
struct OperationStats {
  std::string operation;         // "mds.Open", "oss.Write"
  uint64_t calls = 0, errors = 0, total_us = 0, max_us = 0;
};
struct ServerStats {
  std::string server;
  Status status;
  std::vector<OperationStats> operations;
  // Since its start ("replays_refused", "checksum_errors"), or now ("sessions"); which there are depends on the server.
  std::map<std::string, uint64_t> counters;
};

struct FsckOptions {
  bool repair = false;             // else nothing is changed
  size_t findings_max = 100'000;   // told in full; beyond, they are only counted
  // Called now and then, from any thread, never at once twice: what is being looked at, and how many rows were.
  std::function<void(const std::string& what, uint64_t rows)> progress;
};
struct FsckFinding {
  enum class State : uint8_t { kLeft, kMended };
  std::string kind;                // nlink, lost, orphan-object, …: docs/fsck.md has the list
  std::string fid;                 // of the inode concerned; empty: none is known
  std::string path;                // of it, or of the entry; no-key names where keys are missing; empty: nobody can tell
  std::string what;
  State state = State::kLeft;
  bool mendable = false;           // a repair could mend it
};
struct FsckReport {
  std::vector<FsckFinding> findings;
  uint64_t rows = 0;               // looked at: entries, inodes, objects, and what belongs to them
  uint64_t left = 0, mended = 0;   // findings
};

class Client {
 public:
  static Result<std::unique_ptr<Client>> Connect(const ClientOptions& options);
  virtual ~Client() = default;
  // Makes everything stable, closes the session. The destructor does it too and swallows the error.
  virtual Status Disconnect() = 0;
  virtual Status Commit() = 0;  // everything this client wrote is on stable storage when it returns Ok
  virtual std::string Fsid() = 0;  // hex

  // ---- looking
  enum class Follow { kNo, kYes };
  virtual Result<FileInfo> Stat(std::string_view path, Follow follow = Follow::kNo) = 0;
  // All entries, attributes included, in cookie order, without "." and "..". In pages, so that a big directory need not fit.
  // One that is damaged does not hide the others.
  // kNotDirectory also for a symlink that is not to be followed.
  virtual Status List(std::string_view path, Follow follow,
                      const std::function<Status(std::vector<DirectoryEntry>)>& page) = 0;
  // Of what was seen before, wherever its path leads by now: by this a walk of a tree stays in it. So below.
  virtual Status List(const FileInfo& directory, const std::function<Status(std::vector<DirectoryEntry>)>& page) = 0;
  virtual Result<std::string> PathOf(std::string_view fid) = 0;  // the no-key form where keys are missing
  virtual Result<SpaceInfo> Space() = 0;

  // ---- the tree
  virtual Status MakeDirectory(std::string_view path, uint32_t mode, bool parents) = 0;
  virtual Status MakeSymlink(std::string_view target, std::string_view path) = 0;
  virtual Status MakeNode(std::string_view path, FileKind kind, uint32_t mode, uint64_t rdev) = 0;
  virtual Status Link(std::string_view from, std::string_view to) = 0;
  virtual Status Unlink(std::string_view path) = 0;
  virtual Status RemoveDirectory(std::string_view path) = 0;
  virtual Status RemoveTree(std::string_view path) = 0;  // rm -r: works on locked trees too
  virtual Status Rename(std::string_view from, std::string_view to, bool no_replace = false, bool exchange = false) = 0;
  virtual Status SetMode(std::string_view path, uint32_t mode) = 0;
  virtual Status SetMode(const FileInfo& file, uint32_t mode) = 0;
  virtual Status SetOwner(std::string_view path, std::optional<uint32_t> uid, std::optional<uint32_t> gid) = 0;
  virtual Status SetOwner(const FileInfo& file, std::optional<uint32_t> uid, std::optional<uint32_t> gid) = 0;
  virtual Status SetTimes(std::string_view path, std::optional<int64_t> atime_ns, std::optional<int64_t> mtime_ns) = 0;
  // Both times become now, by the server's clock: the owner may do that, and who may write.
  virtual Status Touch(std::string_view path) = 0;
  virtual Result<std::string> GetXattr(std::string_view path, std::string_view name) = 0;
  virtual Result<std::vector<std::pair<std::string, std::string>>> ListXattrs(std::string_view path) = 0;
  virtual Status SetXattr(std::string_view path, std::string_view name, std::string_view value) = 0;
  virtual Status RemoveXattr(std::string_view path, std::string_view name) = 0;

  // ---- files
  virtual Result<std::unique_ptr<File>> Open(std::string_view path, const OpenOptions& options) = 0;
  virtual Status Truncate(std::string_view path, uint64_t size) = 0;
  // Between this machine's files and the filesystem, as cp -a places them; many files and chunks at once. A file is safe
  // when Put returns Ok. `local` "-" is not known here: callers stream through Open.
  virtual Result<CopyReport> Put(const std::string& local, std::string_view path, const CopyOptions& options) = 0;
  virtual Result<CopyReport> Get(std::string_view path, const std::string& local, const CopyOptions& options) = 0;
  virtual Result<CopyReport> Copy(std::string_view from, std::string_view to, const CopyOptions& options) = 0;

  // ---- layout
  virtual Result<LayoutInfo> GetLayout(std::string_view path) = 0;
  // A directory: default for new files below. A path that does not exist: makes an empty file with that layout.
  virtual Status SetLayout(std::string_view path, const LayoutWish& wish) = 0;

  // ---- encryption. Keys are 32..64 raw bytes; the caller wipes its copy.
  virtual Status Encrypt(std::string_view directory, ByteView master_key, const PolicyOptions& options) = 0;
  virtual Status Unlock(std::string_view directory, ByteView master_key) = 0;  // kWrongKey: nothing changed
  virtual Status Lock(std::string_view directory) = 0;
  virtual Result<std::vector<KeyState>> Keys() = 0;
  virtual Result<KeyState> KeyOf(std::string_view path) = 0;  // kNoData: not encrypted
  // What the servers hold, page by page in file order; holes are zero pages. Needs the right to read the file, no key.
  virtual Status RawPages(std::string_view path, uint64_t first_page, uint64_t page_count,
                          const std::function<Status(ByteView pages)>& sink) = 0;

  // ---- the cluster
  virtual std::vector<PingResult> Ping() = 0;
  virtual std::vector<OperationStats> Stats() = 0;  // of this Client
  virtual std::vector<ServerStats> StatsOfServers() = 0;
  // Checks the metadata and what objects there are, while everybody works on. For uid 0 and the root directory's owner.
  virtual Result<FsckReport> Fsck(const FsckOptions& options) = 0;
};

}  // namespace nacre
