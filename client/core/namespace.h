// Namespace: the tree as this client sees it. Walks paths over names that only it can read, and carries out what changes
// the tree. Every answer brings the context with it; none is ever asked for separately (promise P3).
//
// Any thread; no state but the session and the keys. Calls of a Directory and a name (…In) are one request; calls of a
// path first walk to its parent, one request a name. Strings are taken by value: a Task may outlive its caller's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/core/directory.h"
#include "client/core/key_cache.h"
#include "client/core/path.h"
#include "client/core/session.h"
#include "client/core/shared_lookups.h"

namespace nacre {

using DirectoryPtr = std::shared_ptr<const Directory>;

constexpr int kLinksMax = 40;  // symbolic links in one path, as Linux has it

class Namespace {
 public:
  Namespace(const Environment& environment, std::shared_ptr<Session> session, KeyCache& keys)
      : environment_(environment), session_(std::move(session)), keys_(keys), lookups_(session_) {}

  enum class Last { kLeave, kLookUp, kFollow };
  struct Place {
    std::vector<DirectoryPtr> chain;  // from the root to the parent
    std::string name;                 // empty: the place is chain.back() itself
    bool wants_directory = false;     // the path ended in '/'
    v1::Inode inode;                  // unless Last::kLeave and a name is left
    const DirectoryPtr& parent() const { return chain.back(); }
  };
  // kLeave: the last name is not looked up. A symlink in the middle is followed, at most 40 of them (kLoop).
  Task<Result<Place>> Walk(std::string path, Last last);
  // start: the chain to go on from, for the target of a symlink met in chain.back().
  Task<Result<Place>> WalkFrom(std::vector<DirectoryPtr> start, std::string path, Last last, int* links_left);
  // Where the chain of symlinks that begins with this target (read in start.back()) ends; what is there need not exist.
  Task<Result<Place>> FollowToEnd(std::vector<DirectoryPtr> start, std::string target);
  // The inode at a path: attributes as of now.
  Task<Result<v1::Inode>> Find(std::string path, Last last);
  Task<Result<DirectoryPtr>> FindDirectory(std::string path, Last last = Last::kFollow);

  // ---- one request each
  Task<Result<v1::Inode>> LookupIn(DirectoryPtr parent, std::string name);
  // Whether or not it can be in such a directory (Directory::CheckChild): to remove it.
  Task<Result<v1::Inode>> LookUpUnchecked(DirectoryPtr parent, std::string name);
  // kIntegrity: this directory's place in the tree is another than in `parent`.
  Task<Status> CheckIsIn(Fid directory, Fid parent);
  Task<Result<v1::Inode>> GetAttr(Fid fid);
  // Entries as the server shows them; shown_entry.h makes of them what people may see.
  Task<Result<v1::ReaddirReply>> ReadPage(Fid directory, uint64_t after, bool names_only);
  Task<Result<v1::Inode>> MakeDirectoryIn(DirectoryPtr parent, std::string name, uint32_t mode);
  // With a policy of its own, below a plain directory.
  Task<Result<v1::Inode>> MakeEncryptedIn(DirectoryPtr parent, std::string name, uint32_t mode, std::string context);
  Task<Result<v1::Inode>> MakeSymlinkIn(DirectoryPtr parent, std::string name, std::string target);
  Task<Result<v1::Inode>> MakeNodeIn(DirectoryPtr parent, std::string name, v1::FileType type, uint32_t mode,
                                     uint64_t rdev);
  Task<Status> LinkIn(Fid fid, DirectoryPtr parent, std::string name);
  Task<Status> UnlinkIn(v1::Parent parent, v1::EntryName name, bool directory);
  Task<Result<v1::Inode>> SetAttr(v1::SetAttrRequest request);
  Task<Result<v1::GetXattrsReply>> GetXattrs(Fid fid, std::string name);
  Task<Status> SetXattr(v1::SetXattrRequest request);

  // ---- by path
  Task<Status> MakeDirectory(std::string path, uint32_t mode, bool parents);
  Task<Status> MakeSymlink(std::string target, std::string path);
  Task<Status> MakeNode(std::string path, v1::FileType type, uint32_t mode, uint64_t rdev);
  Task<Status> Link(std::string from, std::string to);
  Task<Status> Unlink(std::string path, bool directory);
  Task<Status> Rename(std::string from, std::string to, bool no_replace, bool exchange);
  Task<Result<std::string>> PathOf(Fid fid);

  // Calls once() (a callable answering a Task) again while it fails because a policy was set on a directory on the way.
  template <typename Answer, typename Once>
  Task<Answer> WithFreshContexts(Once once) {
    const MonotonicTime limit = environment_.clock->Now() + environment_.wait_timeout;
    for (int attempt = 0;; ++attempt) {
      Answer answer = co_await once();
      if (answer.code() != Code::kContextChanged || environment_.clock->Now() >= limit) co_return answer;
      const Result<v1::Inode> root = co_await GetAttr(kRootFid);
      if (root.ok()) session_->SetRoot(*root);
      co_await Sleep(*environment_.timers, *environment_.pool, BackOff(attempt, *environment_.random));
    }
  }

  KeyCache& keys() { return keys_; }
  Session& session() { return *session_; }
  // The context of something new below parent; empty below a plain one. kNoKey below a locked one.
  Result<std::string> ContextBelow(const Directory& parent);

 private:
  Task<Result<v1::Inode>> Make(DirectoryPtr parent, std::string name, v1::MakeRequest request);
  Task<Status> MakeAllOnce(std::string path, uint32_t mode);
  Task<Status> EnterOrMake(std::vector<DirectoryPtr>* chain, std::string name, uint32_t mode, int* links_left);
  Task<Status> MakeDirectoryOnce(std::string path, uint32_t mode, bool parents);
  Task<Status> MakeSymlinkOnce(std::string target, std::string path);
  Task<Status> MakeNodeOnce(std::string path, v1::FileType type, uint32_t mode, uint64_t rdev);
  Task<Status> LinkOnce(std::string from, std::string to);
  Task<Status> UnlinkOnce(std::string path, bool directory);
  Task<Status> RenameOnce(std::string from, std::string to, bool no_replace, bool exchange);
  Task<Result<Place>> WalkOnce(std::string path, Last last);
  Task<Result<Place>> Finish(Place place);

  const Environment& environment_;
  const std::shared_ptr<Session> session_;
  KeyCache& keys_;
  SharedLookups lookups_;
};

}  // namespace nacre
