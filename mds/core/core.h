// Core: the parts of a metadata server that its operations (ops/) share, and the seams it was given. Everything in it
// belongs to the strand. Op: one request on its way through. Change: one atomic change being made.
#pragma once

#include <set>
#include <string>
#include <tuple>

#include "common/base/async_lock.h"
#include "common/base/random.h"
#include "common/base/task.h"
#include "common/fs/permission.h"
#include "common/kv/kv_store.h"
#include "common/layout/layout.h"
#include "common/recovery/recovery_window.h"
#include "common/recovery/reply_record.h"
#include "common/recovery/session_table.h"
#include "mds/core/cluster_map.h"
#include "mds/core/committer.h"
#include "mds/core/destroyer.h"
#include "mds/core/dirent_table.h"
#include "mds/core/evictions.h"
#include "mds/core/fid_grants.h"
#include "mds/core/inode_table.h"
#include "mds/core/openers.h"
#include "mds/core/operation_counts.h"
#include "mds/core/options.h"
#include "mds/core/oss_directory.h"
#include "mds/core/room.h"

namespace nacre {

// Given in; all outlive the server.
struct MdsSeams {
  KvStore& kv;       // opened with MdsFamilies(), formatted (format.h)
  Strand& strand;
  Executor& io;      // runs what blocks: the sync of the log
  Timers& timers;
  Clock& clock;
  Random& random;
  OssDirectory& osts;
};

struct Core {
  Core(MdsOptions given, const MdsSeams& seams);

  MdsOptions options;
  KvStore& kv;
  Strand& strand;
  Timers& timers;
  Clock& clock;
  Random& random;
  OssDirectory& osts;

  std::string fsid;
  uint64_t next_range = 0;
  uint64_t next_session = 0;
  uint64_t inode_count = 0;

  TransnoSource transnos;
  LogCommitter committer;
  SessionTable sessions;
  ReplyTable replies;
  RecoveryWindow window;
  RecoveryWindow::Awaited awaited;  // between load and start
  Evictions evictions;
  uint64_t sessions_evicted = 0;
  Transno last_session_end = 0;  // what is said of sessions that are over relies on it
  FidGrants grants;
  Openers openers;
  ClusterMap map;
  InodeTable inodes;
  DirentTable dirents;
  Destroyer destroyer;
  ServedOperations counts;
  Room room;
  // Held by what asks OSTs to change a file's size or epoch, and by who needs that to be over. Several: in FID order.
  LockTable<Fid> file_locks;
  // Of the files whose lock is held by an intent (intents.h) that waits for an OST: why. Whoever only looks is told.
  std::map<Fid, std::string> waiting_intents;
  // A change that is sent again waits for the one before it, and is answered from its record. Not for another one in its
  // slot: its client may have given that one up. Taken before all others.
  using RequestKey = std::tuple<uint64_t, uint32_t, uint64_t>;  // session, slot, xid
  LockTable<RequestKey> request_locks;
  TaskGroup tasks;  // what goes on without a request
  bool stopping = false;
  std::set<Fid> to_settle;  // files whose last writer left without telling the size (files.h)
  bool settling = false;
  uint64_t oss_xid = 0;
  std::string salt_secret;  // 16 bytes, of the filesystem
  uint64_t replayed = 0;
  uint64_t replays_refused = 0;

  v1::RequestHeader OssHeader(uint32_t ost);  // of requests by order of the MDS: no session
};

class Op {
 public:
  Op(Core& core, const v1::RequestHeader& header)
      : core_(core), header_(header), now_ns_(header.replay() ? header.replay_time_ns() : core.clock.WallNs()) {
    caller_.uid = header.caller().uid();
    caller_.gid = header.caller().gid();
    caller_.groups.assign(header.caller().groups().begin(), header.caller().groups().end());
  }

  const v1::RequestHeader& header() const { return header_; }
  uint64_t session() const { return header_.session(); }
  Opener opener() const { return {.session = header_.session(), .handle = header_.xid()}; }
  const Caller& caller() const { return caller_; }

  bool is_replay() const { return header_.replay(); }
  // The wall clock for what this request changes: of its first time, when it is a replay.
  int64_t now_ns() const { return now_ns_; }

  // The answer waits until this change, whoever made it, is stable.
  void ReliesOn(Transno transno) {
    if (transno > relies_on_) relies_on_ = transno;
  }
  // ... if another session made it: on whether the directory has this name, or which names it has.
  void ReliesOnName(const Fid& directory, uint64_t hash) {
    ReliesOn(core_.committer.unstable().Name(directory, hash, session()));
  }
  void ReliesOnNames(const Fid& directory) { ReliesOn(core_.committer.unstable().Names(directory, session())); }
  Transno relies_on() const { return relies_on_; }

  // The inode, and the answer relies on what others made of it.
  Result<InodePtr> Find(const Fid& fid) {
    ReliesOn(core_.committer.unstable().Inode(fid, session()));
    return core_.inodes.Find(fid);
  }

 private:
  Core& core_;
  const v1::RequestHeader& header_;
  const int64_t now_ns_;
  Caller caller_;
  Transno relies_on_ = 0;
};

}  // namespace nacre
