// Change: one atomic change of the namespace: rows, counters and the reply record in one batch, under one transno. Made,
// filled and applied without a pause in between (no co_await), so changes enter the log in the order of their transnos and
// nobody sees half of one. One that is not applied has changed nothing, as long as nothing was put into it: decide first.
#pragma once

#include <utility>

#include "mds/core/core.h"
#include "mds/core/key_schema.h"

namespace nacre {

class Change {
 public:
  // By the server itself.
  explicit Change(Core& core) : Change(core, kNobody, core.clock.WallNs()) {}
  // By a request.
  // One that rests on what others have not made stable is not its session's own to build upon either, until it is stable.
  Change(Core& core, const Op& op)
      : Change(core, op.relies_on() > core.committer.stable() ? kNobody : op.session(), op.now_ns()) {}
  Change(const Change&) = delete;

  Transno transno() const { return transno_; }
  int64_t now_ns() const { return now_ns_; }
  KvBatch& batch() { return batch_; }

  // Stamps the version.
  void PutInode(const Fid& fid, rows::InodeRow row);
  void AddInode(const Fid& fid, rows::InodeRow row);
  // Its rows, xattrs and links go; its objects are to be destroyed. An error has changed nothing.
  Status RemoveInode(const Fid& fid, const rows::InodeRow& row);
  // The objects of this layout, once this change is stable.
  void FreeObjects(const Fid& fid, const v1::Layout& layout);
  void FreeObject(uint32_t ost, const ObjectId& object);

  void PutEntry(const Fid& directory, const Dirent& entry);
  void RemoveEntry(const Fid& directory, uint64_t cookie);
  // Its mtime and ctime become now.
  void CountEntries(const Fid& directory, int64_t entries, int64_t subdirectories);
  void TouchDirectory(const Fid& directory, std::optional<int64_t> mtime_ns);  // ctime becomes now

  // With the reply record of op: its transno is filled in, and a resend gets this very reply. The client keeps the request
  // until it is stable, and replays it if it must.
  template <typename Reply>
  void Apply(const Op& op, Reply& reply) {
    RecordReply(op.session(), op.header().slot(), op.header().xid(), reply);
    Apply();
  }
  // And the answer waits until it is stable: others rely on it without asking (rights, policies), or a replay would not
  // give the same.
  template <typename Reply>
  void ApplyStable(Op& op, Reply& reply) {
    Apply(op, reply);
    op.ReliesOn(transno_);
  }
  void Apply();  // not in the name of a request
  // In the name of a request that is not here any more; Apply() follows.
  template <typename Reply>
  void RecordReply(uint64_t session, uint32_t slot, uint64_t xid, Reply& reply) {
    reply.mutable_header()->set_transno(transno_);
    reply.mutable_header()->set_time_ns(now_ns_);
    Record(session, slot, {.xid = xid, .transno = transno_, .reply = reply.SerializeAsString()});
  }

 private:
  Change(Core& core, uint64_t session, int64_t now_ns)
      : core_(core), transno_(core.transnos.Next()), session_(session), now_ns_(now_ns) {}
  void Record(uint64_t session, uint32_t slot, ReplyRecord record);

  Core& core_;
  Transno transno_;
  uint64_t session_;  // whose change it is
  int64_t now_ns_;
  KvBatch batch_;
  std::vector<Fid> inodes_touched_;
  std::vector<std::pair<Fid, uint64_t>> names_touched_;  // directory, hash
  std::vector<std::pair<uint32_t, ObjectId>> freed_;  // OST, object
  bool counts_inodes_ = false;
};

}  // namespace nacre
