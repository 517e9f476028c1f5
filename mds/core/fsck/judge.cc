#include "mds/core/fsck/judge.h"

#include <algorithm>

#include "common/fs/encryption_context.h"
#include "common/wire/wire.h"
#include "mds/core/key_schema.h"

namespace nacre {
namespace {

constexpr bool kMendable = true;
constexpr bool kForPeople = false;

v1::Finding Found(v1::FindingKind kind, v1::CheckArea area, const std::string& key, bool mendable, std::string what) {
  v1::Finding finding;
  finding.set_kind(kind);
  finding.set_area(area);
  finding.set_key(key);
  finding.set_mendable(mendable);
  finding.set_what(std::move(what));
  return finding;
}

v1::Finding OfEntry(const EntryFacts& facts, v1::FindingKind kind, bool mendable, std::string what) {
  v1::Finding finding = Found(kind, v1::CHECK_ENTRIES, facts.key, mendable, std::move(what));
  if (!facts.key_fits) return finding;
  *finding.mutable_parent() = ToWire(facts.directory);
  finding.set_cookie(facts.cookie);
  finding.set_parent_context(facts.parent.context);
  if (!facts.row_reads) return finding;
  *finding.mutable_fid() = ToWire(facts.target);
  finding.set_name(facts.name);
  return finding;
}

v1::Finding OfInode(const Fid& fid, v1::FindingKind kind, bool mendable, std::string what) {
  v1::Finding finding = Found(kind, v1::CHECK_INODES, FidKey(fid), mendable, std::move(what));
  *finding.mutable_fid() = ToWire(fid);
  return finding;
}

v1::Finding WithNumbers(v1::Finding finding, uint64_t stated, uint64_t counted) {
  finding.set_stated(stated);
  finding.set_counted(counted);
  return finding;
}

bool BearsContext(v1::FileType type) {
  return type == v1::FILE_TYPE_REGULAR || type == v1::FILE_TYPE_DIRECTORY || type == v1::FILE_TYPE_SYMLINK;
}

std::string Number(uint64_t number) { return std::to_string(number); }

// The entry is of no use to anybody: why; empty: it is.
std::string WhyUseless(const EntryFacts& facts) {
  if (!facts.key_fits) return "an entry whose key is malformed";
  if (facts.parent.state == InodeState::kAbsent) return "an entry of a directory that does not exist";
  if (facts.parent.state == InodeState::kReadable && !facts.parent.is_directory()) {
    return "an entry of an inode that is no directory";
  }
  if (!facts.row_reads) return "an entry that cannot be read";
  if (facts.child.state == InodeState::kAbsent) return "leads to an inode that does not exist";
  if (!facts.name_fits) return "a name that no entry of this directory can have";
  if (!facts.name_leads_here) return "stands where its name does not lead";
  return {};
}

bool ContextFits(const EntryFacts& facts) {
  if (facts.parent.context.empty() || !BearsContext(facts.child.type)) return true;
  const auto fits = CheckInheritance(AsBytes(facts.parent.context), AsBytes(facts.child.context));
  return fits == Inheritance::kFits;
}

size_t NamesThere(const InodeFacts& facts) {
  return static_cast<size_t>(
      std::count_if(facts.names.begin(), facts.names.end(), [](const ClaimedName& name) { return name.there; }));
}

bool NameInRowIsThere(const InodeFacts& facts) {
  return std::any_of(facts.names.begin(), facts.names.end(),
                     [](const ClaimedName& name) { return name.in_row && name.there; });
}

void JudgeNamesOfDirectory(const InodeFacts& facts, Findings& out) {
  if (facts.is_root()) return;
  if (facts.orphan_row) {
    out.push_back(
        OfInode(facts.fid, v1::FINDING_ORPHAN_ROW, kMendable, "a directory that is marked as without a name"));
  }
  if (NamesThere(facts) == 0) {
    out.push_back(OfInode(facts.fid, v1::FINDING_LOST, kMendable, "a directory without an entry"));
  } else if (facts.names.size() > 1 || facts.odd_link_rows > 0 || !NameInRowIsThere(facts)) {
    out.push_back(
        OfInode(facts.fid, v1::FINDING_NAME, kMendable, "a directory that does not say one name, and that one"));
  } else if (facts.leads_cycle) {
    out.push_back(
        OfInode(facts.fid, v1::FINDING_CYCLE, kMendable, "a directory below itself: the root does not lead to it"));
  }
}

void JudgeNamesOfFile(const InodeFacts& facts, Findings& out) {
  const size_t there = NamesThere(facts);
  const bool all_there = there == facts.names.size() && facts.odd_link_rows == 0;
  if (there == 0) {
    const bool explained = facts.nlink == 0 && facts.orphan_row;
    if (!explained) {
      out.push_back(
          WithNumbers(OfInode(facts.fid, v1::FINDING_LOST, kMendable, "an inode without an entry"), facts.nlink, 0));
    } else if (!all_there) {
      out.push_back(OfInode(facts.fid, v1::FINDING_NAME, kMendable, "an inode without a name says that it has some"));
    }
    return;
  }
  if (facts.nlink != there) {
    out.push_back(WithNumbers(OfInode(facts.fid, v1::FINDING_NLINK, kMendable,
                                      "says " + Number(facts.nlink) + " links, has " + Number(there)),
                              facts.nlink, there));
  } else if (!all_there || !NameInRowIsThere(facts)) {
    out.push_back(
        OfInode(facts.fid, v1::FINDING_NAME, kMendable, "says names that are not there, or not in the right place"));
  }
  if (facts.orphan_row) {
    out.push_back(OfInode(facts.fid, v1::FINDING_ORPHAN_ROW, kMendable, "has names, and is marked as without one"));
  }
}

void JudgeLayout(const InodeFacts& facts, Findings& out) {
  if (!facts.layout_reads) {
    out.push_back(OfInode(facts.fid, v1::FINDING_LAYOUT, kForPeople, "a layout that makes no sense"));
  } else if (facts.unknown_ost) {
    out.push_back(OfInode(facts.fid, v1::FINDING_LAYOUT, kForPeople,
                          "lies on OST " + Number(*facts.unknown_ost) + ", which the cluster does not have"));
  }
}

void JudgeXattrs(const InodeFacts& facts, Findings& out) {
  const bool agrees = facts.says_xattrs == (facts.xattr_bytes > 0) && facts.xattr_bytes_stated == facts.xattr_bytes;
  if (agrees) return;
  out.push_back(WithNumbers(OfInode(facts.fid, v1::FINDING_XATTR, kMendable,
                                    "says " + Number(facts.xattr_bytes_stated) + " bytes of extended attributes, has " +
                                        Number(facts.xattr_bytes)),
                            facts.xattr_bytes_stated, facts.xattr_bytes));
}

}  // namespace

Findings JudgeEntry(const EntryFacts& facts) {
  Findings out;
  if (std::string why = WhyUseless(facts); !why.empty()) {
    out.push_back(OfEntry(facts, v1::FINDING_ENTRY, kMendable, std::move(why)));
    return out;
  }
  if (facts.child.state == InodeState::kUnreadable) return out;  // said where its row stands
  if (facts.child.type != facts.type) {
    out.push_back(OfEntry(facts, v1::FINDING_ENTRY, kMendable, "says another type than its inode has"));
  }
  const bool second = facts.child_is_root || facts.child_has_a_name;
  if (!facts.claimed && facts.child.is_directory() && second) {
    out.push_back(OfEntry(facts, v1::FINDING_DOUBLE, kMendable, "a second entry of a directory"));
  } else if (!facts.claimed) {
    out.push_back(OfEntry(facts, v1::FINDING_NAME, kMendable, "its inode does not know of this name"));
  }
  if (!ContextFits(facts)) {
    out.push_back(
        OfEntry(facts, v1::FINDING_CONTEXT, kForPeople, "its encryption context does not fit its directory's"));
  }
  return out;
}

Findings JudgeInode(const InodeFacts& facts) {
  Findings out;
  if (!facts.key_fits) {
    out.push_back(
        Found(v1::FINDING_UNREADABLE, v1::CHECK_INODES, facts.key, kForPeople, "an inode whose key is malformed"));
    return out;
  }
  if (!facts.row_reads) {
    out.push_back(OfInode(facts.fid, v1::FINDING_UNREADABLE, kForPeople, "an inode whose row cannot be read"));
    return out;
  }
  if (facts.type < v1::FILE_TYPE_REGULAR || facts.type > v1::FILE_TYPE_BLOCK_DEVICE) {
    out.push_back(OfInode(facts.fid, v1::FINDING_UNREADABLE, kForPeople, "an inode of no known type"));
    return out;
  }
  if (!facts.context_fits) {
    out.push_back(OfInode(facts.fid, v1::FINDING_CONTEXT, kForPeople, "an encryption context that cannot be one"));
  }
  if (facts.type == v1::FILE_TYPE_DIRECTORY) {
    if (!facts.salt_fits) {
      out.push_back(OfInode(facts.fid, v1::FINDING_UNREADABLE, kForPeople,
                            "a directory without its salt: no name is found in it"));
    }
    JudgeNamesOfDirectory(facts, out);
  } else {
    JudgeNamesOfFile(facts, out);
  }
  if (facts.type == v1::FILE_TYPE_REGULAR) JudgeLayout(facts, out);
  JudgeXattrs(facts, out);
  return out;
}

Findings JudgeLeftRows(const LeftRowsFacts& facts) {
  Findings out;
  if (facts.key_fits && facts.inode_there) return out;
  v1::FindingKind kind = v1::FINDING_XATTR;
  std::string what = "extended attributes";
  if (facts.area == v1::CHECK_LINKS) {
    kind = v1::FINDING_NAME;
    what = "records of names";
  } else if (facts.area == v1::CHECK_ORPHANS) {
    kind = v1::FINDING_ORPHAN_ROW;
    what = "the mark of an inode without a name";
  } else if (facts.area == v1::CHECK_COUNTERS) {
    kind = v1::FINDING_COUNTERS;
    what = "counters";
  }
  what += facts.key_fits ? " of an inode that does not exist" : " under a malformed key";
  out.push_back(Found(kind, facts.area, facts.key, kMendable, std::move(what)));
  if (facts.key_fits) *out.back().mutable_fid() = ToWire(facts.fid);
  return out;
}

Findings JudgeCounters(const CounterFacts& facts) {
  Findings out;
  if (facts.reads && facts.stated.entries == facts.entries && facts.stated.subdirectories == facts.subdirectories) {
    return out;
  }
  const auto text = [](int64_t entries, int64_t subdirectories) {
    return std::to_string(entries) + " entries, " + std::to_string(subdirectories) + " directories among them";
  };
  std::string what =
      facts.reads ? "says " + text(facts.stated.entries, facts.stated.subdirectories) : "counters that cannot be read";
  what += "; has " + text(facts.entries, facts.subdirectories);
  out.push_back(WithNumbers(OfInode(facts.fid, v1::FINDING_COUNTERS, kMendable, std::move(what)),
                            static_cast<uint64_t>(facts.stated.entries), static_cast<uint64_t>(facts.entries)));
  return out;
}

Findings JudgeSize(const SizeFacts& facts) {
  Findings out;
  if (facts.blocks_of_objects < facts.blocks_stated) {
    out.push_back(WithNumbers(OfInode(facts.fid, v1::FINDING_SIZE, kForPeople,
                                      "data is missing: its objects hold " + Number(facts.blocks_of_objects) + " of " +
                                          Number(facts.blocks_stated) + " blocks"),
                              facts.blocks_stated, facts.blocks_of_objects));
    return out;
  }
  if (facts.stated == facts.of_objects) return out;
  std::string what = "says exactly " + Number(facts.stated) + " bytes, its objects say " + Number(facts.of_objects);
  out.push_back(
      WithNumbers(OfInode(facts.fid, v1::FINDING_SIZE, kMendable, std::move(what)), facts.stated, facts.of_objects));
  return out;
}

v1::Finding SizeUnknown(const Fid& fid, const Status& why) {
  return OfInode(fid, v1::FINDING_SIZE, kForPeople, "its size cannot be compared: " + why.message());
}

Findings JudgeObject(const ObjectFacts& facts) {
  Findings out;
  const auto found = [&](v1::FindingKind kind, bool mendable, std::string what) {
    out.push_back(Found(kind, v1::CHECK_OBJECTS, facts.key, mendable, std::move(what)));
    out.back().set_ost(facts.ost);
    if (facts.reads) *out.back().mutable_fid() = ToWire(facts.object.fid);
  };
  const std::string where = " on OST " + Number(facts.ost);
  if (!facts.reads) {
    found(v1::FINDING_UNREADABLE, kForPeople, "an object whose row cannot be read" + where);
    return out;
  }
  if (facts.freed || facts.named_by_layout) return out;
  if (facts.inode == InodeState::kUnreadable || !facts.layout_reads) return out;  // it may be needed
  const std::string which = "object " + ToString(facts.object) + where;
  if (facts.inode == InodeState::kAbsent) {
    found(v1::FINDING_ORPHAN_OBJECT, kMendable, which + ": there is no such inode");
  } else {
    found(v1::FINDING_STRAY_OBJECT, kMendable, which + ": its file does not lie there");
  }
  return out;
}

}  // namespace nacre
