// Mends of entries.
#include "common/wire/wire.h"
#include "mds/core/fsck/gather.h"
#include "mds/core/fsck/mends.h"
#include "mds/core/links.h"

namespace nacre {
namespace {

int64_t AsSubdirectory(v1::FileType type) { return type == v1::FILE_TYPE_DIRECTORY ? 1 : 0; }

// What its inode says of it is mended where that inode is looked at.
void Remove(Change& change, const EntryFacts& facts) {
  change.RemoveEntry(facts.directory, facts.cookie);
  if (facts.parent.state == InodeState::kAbsent ||
      (facts.parent.state == InodeState::kReadable && !facts.parent.is_directory())) {
    return;  // nobody counts there
  }
  change.CountEntries(facts.directory, -1, facts.row_reads ? -AsSubdirectory(facts.type) : 0);
}

// To where its name leads; removed, if another entry has the name or no entry can have it.
Status Replace(Core& core, Gatherer& gatherer, Change& change, const EntryFacts& facts) {
  auto directory = gatherer.Find(facts.directory);
  auto child = gatherer.Find(facts.target);
  if (!directory.ok()) return directory.status();
  if (!child.ok()) return child.status();
  DirentPlace place;
  if (facts.name_fits) {
    auto found = core.dirents.Find(facts.directory, (*directory)->row.salt(), facts.name);
    if (!found.ok()) return Status(Code::kBusy, "another entry there cannot be read, and is to be mended first");
    place = *std::move(found);
  }
  if (!facts.name_fits || place.entry || place.free_cookie == 0) {
    Remove(change, facts);
    return Status::Ok();
  }
  change.RemoveEntry(facts.directory, facts.cookie);
  const Dirent moved{.cookie = place.free_cookie, .name = facts.name, .fid = facts.target, .type = facts.type};
  change.PutEntry(facts.directory, moved);
  if ((*child)->state != InodeState::kReadable || !facts.claimed) return Status::Ok();
  rows::InodeRow row = (*child)->row;
  MoveName(change, facts.target, facts.directory, facts.cookie, facts.directory, place.free_cookie, row);
  change.PutInode(facts.target, std::move(row));
  return Status::Ok();
}

Status MendUseless(Core& core, Gatherer& gatherer, Change& change, const EntryFacts& facts) {
  if (!facts.key_fits) {
    change.batch().Delete(kDirentFamily, facts.key);
    return Status::Ok();
  }
  const bool leads_nowhere = !facts.row_reads || facts.child.state == InodeState::kAbsent ||
                             facts.parent.state == InodeState::kAbsent ||
                             (facts.parent.state == InodeState::kReadable && !facts.parent.is_directory());
  if (leads_nowhere) {
    Remove(change, facts);
    return Status::Ok();
  }
  if (!facts.name_fits || !facts.name_leads_here) return Replace(core, gatherer, change, facts);
  const Dirent typed{.cookie = facts.cookie, .name = facts.name, .fid = facts.target, .type = facts.child.type};
  change.PutEntry(facts.directory, typed);
  change.CountEntries(facts.directory, 0, AsSubdirectory(facts.child.type) - AsSubdirectory(facts.type));
  return Status::Ok();
}

// The inode says this name from now on.
Status Claim(Gatherer& gatherer, Change& change, const EntryFacts& facts) {
  auto child = gatherer.Find(facts.target);
  if (!child.ok()) return child.status();
  rows::InodeRow row = (*child)->row;
  if (facts.child.is_directory() || !facts.child_has_a_name) {
    *row.mutable_parent() = ToWire(facts.directory);
    row.set_parent_cookie(facts.cookie);
  } else {
    change.batch().Put(kLinkFamily, LinkKey(facts.target, facts.directory, facts.cookie), {});
  }
  row.mutable_attr()->set_ctime_ns(change.now_ns());
  change.PutInode(facts.target, std::move(row));
  return Status::Ok();
}

// The one that its inode says stays, unless the root leads to this one only.
Status RemoveSecond(Gatherer& gatherer, Change& change, const EntryFacts& facts) {
  auto child = gatherer.Find(facts.target);
  auto reaches = gatherer.ReachesRoot(facts.target);
  auto here_reaches = gatherer.ReachesRoot(facts.directory);
  if (!child.ok()) return child.status();
  if (!reaches.ok()) return reaches.status();
  if (!here_reaches.ok()) return here_reaches.status();
  change.batch().Delete(kLinkFamily, LinkKey(facts.target, facts.directory, facts.cookie));
  if (facts.child_is_root || *reaches || !*here_reaches) {
    Remove(change, facts);
    return Status::Ok();
  }
  auto first = gatherer.Entry(DirentKey(FromWire((*child)->row.parent()), (*child)->row.parent_cookie()));
  if (!first.ok()) return first.status();
  if (first->has_value()) Remove(change, **first);
  return Claim(gatherer, change, facts);
}

}  // namespace

Result<v1::MendReply> MendEntry(Core& core, Op& op, const v1::Finding& asked) {
  Gatherer gatherer(core);
  auto facts = gatherer.Entry(asked.key());
  if (!facts.ok()) return facts.status();
  if (!facts->has_value()) return MendAnswer(v1::MEND_GONE);
  const Findings findings = JudgeEntry(**facts);
  if (StillFound(findings, asked) == nullptr) return MendAnswer(v1::MEND_GONE);
  Change change(core, op);
  Status status;
  if (asked.kind() == v1::FINDING_ENTRY) {
    status = MendUseless(core, gatherer, change, **facts);
  } else if (asked.kind() == v1::FINDING_NAME) {
    status = Claim(gatherer, change, **facts);
  } else {
    status = RemoveSecond(gatherer, change, **facts);
  }
  if (status.code() == Code::kBusy) return MendAnswer(v1::MEND_CANNOT, status.message());
  if (!status.ok()) return status;
  v1::MendReply reply = MendAnswer(v1::MEND_DONE);
  change.ApplyStable(op, reply);
  return reply;
}

}  // namespace nacre
