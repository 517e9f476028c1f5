// OpenFile: one regular file, its content read and written page-wise through the OSTs. Unaligned writes read, merge and
// write edge pages under a condition, so that several clients stay exact without a lock server (DESIGN §6).
//
// Any thread; shared. Reads and writes of different pages run at the same time, changes of one page one after the other.
// Bytes that a caller hands in are used until its Task has ended. Knows no path and no name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/core/buffer_pools.h"
#include "client/core/chunk_plan.h"
#include "client/core/ost.h"
#include "client/core/page_coder.h"
#include "client/core/page_range_lock.h"
#include "client/core/piece_memory.h"
#include "client/core/session.h"

namespace nacre {

// What all open files of a client share.
struct FileServices {
  const Environment& environment;
  std::shared_ptr<Session> session;
  KeyCache& keys;
  OstTable& osts;
  BufferBudget& budget;
  BufferPools& buffers;
  // Turns, over all files. Who writes waits for memory while it has one; a copy that has memory waits for its turn to read:
  // so those are two, and who may read never waits for memory.
  AsyncSemaphore& reads;
  AsyncSemaphore& writes;
};

struct FileRange {
  uint64_t begin = 0, end = 0;
};

class OpenFile : public std::enable_shared_from_this<OpenFile> {
 public:
  // Where the file's pages lie, as of some answer of the MDS.
  struct Placement {
    Component component;
    uint32_t mirror_id = 0;
    uint32_t generation = 0;
    uint64_t file_epoch = 0;
  };
  struct Handle {
    uint64_t session = 0;  // 0: not opened at the MDS (truncate by path)
    uint64_t xid = 0;
    bool read = true, write = false;
  };

  // kNoKey: locked.
  static Result<std::shared_ptr<OpenFile>> Make(const FileServices& services, const v1::Inode& inode, Handle handle);
  // Without a key: only ReadRaw and what needs no page works.
  static Result<std::shared_ptr<OpenFile>> MakeRaw(const FileServices& services, const v1::Inode& inode, Handle handle);

  const Fid& fid() const { return fid_; }
  v1::Inode Inode() const;  // as last heard of, with the size this client knows
  uint64_t size() const;

  // Fewer bytes only at the end of the file. holes, if not null, gets what of it nobody ever wrote, in order.
  Task<Result<size_t>> Read(uint64_t offset, MutableBytes out, std::vector<FileRange>* holes = nullptr);
  Task<Status> Write(uint64_t offset, ByteView data);
  // A piece of a stream: from a page border on, in memory of its own, which saves a copy. It ends with a page or with
  // the file; at most one chunk (kChunkBytesMax, inside a multiple of it). Large ones are enciphered on the thread that
  // calls: one of the pool's. No other write through this file touches these pages meanwhile: it would wait for memory, and
  // this one, which has it, for the pages.
  Task<Status> WritePages(uint64_t offset, PieceMemory memory, uint64_t bytes);
  Task<PieceMemory> MemoryFor(uint64_t bytes);  // for one; waits for room
  Task<Result<uint64_t>> Append(ByteView data);
  Task<Status> Truncate(uint64_t size);
  Task<Status> Punch(uint64_t offset, uint64_t length);
  // What was written is stable on the OSTs.
  Task<Status> Sync();
  // Ciphertext of pages [first, first + count) as the servers hold it; holes as zeros. out: count * 4096 bytes. Answers
  // how many of them the file has.
  Task<Result<uint64_t>> ReadRaw(uint64_t page_first, uint64_t page_count, MutableBytes out);

  // For who closes (FileCloser): the OSTs written to, the verdict over the writes, the item of the close request.
  std::vector<std::shared_ptr<Ost>> WrittenOsts() const;
  Status Fate() const { return fate_->status(); }
  v1::CloseRequest::Item CloseItem() const;
  const Handle& handle() const { return handle_; }

  std::shared_ptr<const Placement> placement() const;

 private:
  struct EdgePage {
    std::array<uint8_t, kPageBytes> clear;
    v1::Condition condition;
  };
  // What must hold at the server for a write to be done; otherwise it is a lost race.
  struct WriteConditions {
    v1::Condition first, last;                // of the run's first and last page
    std::optional<uint64_t> object_size_max;  // of the whole object
  };
  OpenFile(const FileServices& services, const v1::Inode& inode, Handle handle,
           std::shared_ptr<const PageCoder> coder);
  static Status CheckRegular(const v1::Inode& inode);

  Status CheckUsable(bool for_write) const;
  Status Adopt(const v1::Inode& inode);  // new layout, epoch and size
  Task<Status> Refetch();
  // After a lost race or a moved epoch: false when the time is over or the error is another. used: the placement, or an
  // older one, that the request failed under; other requests may have learned of a newer one since.
  Task<bool> MayRetry(Status status, std::shared_ptr<const Placement> used, int attempt, MonotonicTime limit);
  v1::ObjectId ObjectOf(const Placement& placement, uint32_t stripe) const;

  // Reading: open_file_read.cc
  Task<Result<ObjectPages>> ReadChunk(std::shared_ptr<const Placement> placement, StripePiece piece);
  struct Found {
    bool was_short = false;  // the object ended before the range did
    uint64_t file_end = 0;   // the file is at least so long, as the objects said with their pages
    std::vector<FileRange> holes;
  };
  Task<Status> ReadPiece(std::shared_ptr<const Placement> placement, StripePiece piece, uint64_t offset,
                         MutableBytes out, Found* found);
  Task<Status> ReadRange(uint64_t offset, MutableBytes out, Found* found);
  Task<Result<EdgePage>> ReadEdge(std::shared_ptr<const Placement> placement, uint64_t page);

  // Writing: open_file_write.cc
  Task<Status> WriteRange(uint64_t offset, ByteView data);
  Task<Status> WriteChunk(std::shared_ptr<const Placement> placement, StripePiece chunk, uint64_t offset,
                          ByteView data, bool assume_holes);
  Task<Status> WriteChunkUntilDone(std::shared_ptr<const Placement> placement, StripePiece chunk, uint64_t offset,
                                   ByteView data, MonotonicTime limit);
  Task<Status> FillEdge(std::shared_ptr<const Placement> placement, uint64_t page, bool assume_holes,
                        std::unique_ptr<EdgePage>* edge);
  Task<Status> SendChunk(std::shared_ptr<const Placement> placement, StripePiece chunk, uint64_t data_end,
                         CipherRunPtr run, AsyncSemaphore::Units memory, WriteConditions conditions);
  Task<Status> WritePagesAgain(uint64_t offset, uint64_t bytes, CipherRunPtr run);
  void Wrote(uint32_t stripe, uint32_t ost, uint64_t end, uint64_t allocated_bytes, int64_t mtime_ns);
  Task<Result<uint64_t>> AppendPiece(ByteView data);
  Task<Status> SendAppend(std::shared_ptr<const Placement> placement, StripePiece chunk, uint64_t at, ByteView data,
                          EdgePage* first);

  // Sizes: open_file_resize.cc
  Task<Status> TruncateOnce(uint64_t size);
  Task<Status> PunchOnce(uint64_t offset, uint64_t length);

  const FileServices services_;
  const Fid fid_;
  const Handle handle_;
  const std::shared_ptr<const PageCoder> coder_;  // null: raw
  const std::shared_ptr<WriteFate> fate_ = std::make_shared<WriteFate>();
  PageRangeLock pages_;
  AsyncSemaphore in_flight_;  // chunks of this file

  mutable std::mutex mutex_;  // guards all below
  v1::Inode inode_;
  std::shared_ptr<const Placement> placement_;
  uint64_t size_ = 0;
  uint64_t written_end_ = 0;  // of our writes under this file epoch
  int64_t mtime_ns_ = 0;  // of the newest write
  std::map<uint32_t, uint64_t> allocated_;  // bytes by stripe, as the OSTs last said
  std::set<uint32_t> written_osts_;
  bool knows_all_writes_ = true;  // false: one was not answered; it may have been done, or be done yet
};

}  // namespace nacre
