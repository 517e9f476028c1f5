// What happens to a file when an opener or a session goes: orphans are destroyed at the last close, sizes nobody reported
// are asked for. On the strand.
#pragma once

#include <functional>

#include "mds/core/change.h"

namespace nacre {

// Takes the opener away. A file without a name goes with its last opener: by the change that is asked for then.
Openers::Closed ReleaseOpener(Core& core, const Fid& fid, const Opener& opener, const std::function<Change&()>& change);
// By a change of its own.
Openers::Closed ReleaseOpener(Core& core, const Fid& fid, const Opener& opener);

// Its size is to become exact soon, in the background; if that fails, whoever next looks does it.
void SettleLater(Core& core, const Fid& fid);

// Somebody writes it again, whom an earlier life of the server had let in: whatever was thought of its size since.
void LetWrite(Core& core, Op& op, const Fid& fid);

// Whoever but root is about to change its content: setuid and setgid go first, or somebody could run, in the name of
// the file's owner, what another has put there. A change of its own, which nobody needs to replay: the answer waits.
void DropSetId(Core& core, Op& op, const Fid& fid);

enum class SessionEnd {
  kDisconnected,  // by its client, which had everything committed first
  kEvicted,       // by this server: OSTs are to take nothing more of it (evictions.h)
};
// Drops the session's openers, its row, reply records and grants; also of a session of an earlier life, of which nothing
// else is known. Answers the transno of that.
Transno EndSession(Core& core, uint64_t session, SessionEnd how);
// Every session of a lower number is over.
uint64_t OldestSession(Core& core);

// A file's data goes: new objects, the old ones freed, size 0, no OST asked. Does not touch nlink or times. Only while
// nobody else has the file open: until the old objects are destroyed, who knows them could still write to them, or read.
void EmptyFile(Core& core, const Fid& fid, rows::InodeRow& row, Change& change);

}  // namespace nacre
