// Unstable: which inodes, which names and which directories' lists of names have changes that are not stable yet, and whose
// they are. A request that shows, changes or relies on another session's change waits until it is stable (commit on share,
// DESIGN §7); its own it may build on at once, because it would replay them in the same order. Pure; one strand.
#pragma once

#include <deque>
#include <unordered_map>
#include <utility>

#include "common/fs/fid.h"
#include "common/recovery/authors.h"

namespace nacre {

// The newest change of each key that is not stable.
template <typename Key, typename Hash>
class NewestChanges {
 public:
  void Changed(const Key& key, Transno transno) {
    newest_[key] = transno;
    in_order_.emplace_back(transno, key);
  }
  Transno Of(const Key& key) const {  // 0: there is none
    const auto at = newest_.find(key);
    return at == newest_.end() ? 0 : at->second;
  }
  void Forget(Transno stable) {
    while (!in_order_.empty() && in_order_.front().first <= stable) {
      const auto at = newest_.find(in_order_.front().second);
      if (at != newest_.end() && at->second <= stable) newest_.erase(at);
      in_order_.pop_front();
    }
  }

 private:
  std::unordered_map<Key, Transno, Hash> newest_;
  std::deque<std::pair<Transno, Key>> in_order_;
};

class Unstable {
 public:
  // A change by this session begins; in transno order. What it touches is told next.
  void Begin(Transno transno, uint64_t session) { authors_.Add(transno, session); }
  void InodeChanged(const Fid& fid, Transno transno) { inodes_.Changed(fid, transno); }
  void NameChanged(const Fid& directory, uint64_t hash, Transno transno) {
    names_.Changed({directory, hash}, transno);
    directories_.Changed(directory, transno);
  }

  // What a request of `session` waits for that relies on ... ; 0: nothing.
  Transno Inode(const Fid& fid, uint64_t session) const { return ByOthers(inodes_.Of(fid), session); }
  // whether this name is there. hash: the part of an entry's cookie that comes from its name.
  Transno Name(const Fid& directory, uint64_t hash, uint64_t session) const {
    return ByOthers(names_.Of({directory, hash}), session);
  }
  // which names are there. Behind the newest, which may be its own, others' may lie.
  Transno Names(const Fid& directory, uint64_t session) const {
    return authors_.AllBy(session) ? 0 : directories_.Of(directory);
  }

  void Forget(Transno stable) {
    authors_.Forget(stable);
    inodes_.Forget(stable);
    names_.Forget(stable);
    directories_.Forget(stable);
  }

 private:
  // Its own newest change relied on what others had done before.
  Transno ByOthers(Transno newest, uint64_t session) const {
    return newest == 0 || authors_.Of(newest) == session ? 0 : newest;
  }
  using NameKey = std::pair<Fid, uint64_t>;
  struct NameHash {
    size_t operator()(const NameKey& name) const { return FidHash()(name.first) ^ (name.second * 0x9e3779b97f4a7c15U); }
  };

  Authors authors_;
  NewestChanges<Fid, FidHash> inodes_;
  NewestChanges<NameKey, NameHash> names_;
  NewestChanges<Fid, FidHash> directories_;
};

}  // namespace nacre
