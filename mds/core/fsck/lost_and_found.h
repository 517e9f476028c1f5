// /lost+found: where inodes go that no directory leads to. A plain directory of root's (0700), made when first needed.
// What has an encryption context may stand there too, as fscrypt lets it be linked into any plain directory: its names
// and content stay ciphertext, and who has the key reads them. The name it gets is its FID, which tells nobody
// anything.
#pragma once

#include <string>

#include "mds/core/change.h"

namespace nacre {

class LostAndFound {
 public:
  // Looks where this inode would go; nothing is changed. An error says why it cannot go there: the name is taken by
  // something else, or the directory was given an encryption policy, so that nobody but its users can name anything in
  // it.
  static Result<LostAndFound> Find(Core& core, const Fid& fid);

  // The entry, the directory's counters, the directory itself if it is not there; the row says the new name, and one
  // link.
  void Put(Core& core, Change& change, const Fid& fid, rows::InodeRow& row) const;

 private:
  Fid directory_;
  std::string salt_;
  bool made_ = false;  // it is to be made: directory_ and salt_ are not known before
  uint64_t root_cookie_ = 0;
  std::string name_;
  uint64_t cookie_ = 0;  // of the name, in a directory that is there
};

}  // namespace nacre
