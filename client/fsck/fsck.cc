#include "client/fsck/fsck.h"

#include <utility>

#include "client/fsck/reconcile.h"

namespace nacre {
namespace {

constexpr uint32_t kRowsAtOnce = 500;
// A mend may bring to light what stood behind it, in the same rows; each round mends some of it.
constexpr int kRoundsMax = 8;

// In the order in which mends build on each other: inodes are looked at when no entry leads to nowhere any more.
constexpr v1::CheckArea kAreas[] = {v1::CHECK_ENTRIES, v1::CHECK_INODES,  v1::CHECK_LINKS,
                                    v1::CHECK_XATTRS,  v1::CHECK_ORPHANS, v1::CHECK_COUNTERS};

std::string AreaName(v1::CheckArea area, uint32_t ost) {
  switch (area) {
    case v1::CHECK_ENTRIES:
      return "entries";
    case v1::CHECK_INODES:
      return "inodes, counters, sizes";
    case v1::CHECK_LINKS:
      return "names";
    case v1::CHECK_XATTRS:
      return "extended attributes";
    case v1::CHECK_ORPHANS:
      return "inodes without a name";
    case v1::CHECK_COUNTERS:
      return "counters";
    case v1::CHECK_OBJECTS:
      return "objects of OST " + std::to_string(ost);
    default:
      return "nothing";
  }
}

class FsckRun {
 public:
  FsckRun(ClientCore& core, FsckOptions options) : core_(core), options_(std::move(options)) {}

  Task<Result<FsckReport>> Run() {
    const Result<std::vector<uint32_t>> osts = co_await FindOsts();
    if (!osts.ok()) co_return osts.status();
    for (v1::CheckArea area : kAreas) {
      const Status walked = co_await Walk(area, 0);
      if (!walked.ok()) co_return walked;
    }
    for (uint32_t ost : *osts) {
      const Status walked = co_await Walk(v1::CHECK_OBJECTS, ost);
      if (!walked.ok()) co_return walked;
    }
    co_return std::move(report_);
  }

 private:
  // All of them, or the name of the one without which sizes and objects cannot be checked.
  Task<Result<std::vector<uint32_t>>> FindOsts() {
    v1::GetClusterMapRequest request;
    const auto map = co_await core_.session().Call(&MdsApi::GetClusterMap, std::move(request), CallKind::kLook);
    if (!map.ok()) co_return map.status();
    std::vector<uint32_t> osts;
    for (const v1::Target& target : map->map().targets()) {
      if (target.kind() != v1::TARGET_OST) continue;
      osts.push_back(target.index());
      const Status answers = co_await AwaitOst(core_.osts().Get(target.index()));
      if (!answers.ok()) co_return answers;
    }
    co_return osts;
  }
  Task<Status> AwaitOst(std::shared_ptr<Ost> ost) {
    const Environment& environment = core_.environment();
    const MonotonicTime limit = environment.clock->Now() + environment.wait_timeout;
    for (int attempt = 0;; ++attempt) {
      const auto pong = co_await ost->Ping(false);
      if (pong.code() != Code::kUnavailable || environment.clock->Now() >= limit) {
        co_return pong.status().With(ost->Name() + " is needed");
      }
      ost->notice().Waiting(ost->Name(), pong.status());
      co_await Sleep(*environment.timers, *environment.pool, BackOff(attempt, *environment.random));
    }
  }

  Task<Status> Walk(v1::CheckArea area, uint32_t ost) {
    v1::CheckRequest request;
    request.set_area(area);
    request.set_ost(ost);
    request.set_rows_max(kRowsAtOnce);
    const std::string name = AreaName(area, ost);
    for (;;) {
      const Result<v1::CheckReply> page = co_await Page(request);
      if (!page.ok()) co_return page.status().With("checking " + name);
      report_.rows += page->rows();
      if (options_.progress) options_.progress(name, report_.rows);
      if (page->next().empty()) co_return Status::Ok();
      if (page->next() <= request.from()) co_return Status(Code::kIo, "checking " + name + " goes round in a circle");
      request.set_from(page->next());
    }
  }

  // One page, looked at, and mended as long as that changes anything.
  Task<Result<v1::CheckReply>> Page(const v1::CheckRequest& request) {
    mends_before_page_ = mends_;
    for (int round = 0;; ++round) {
      Result<v1::CheckReply> reply = co_await core_.session().Call(&MdsApi::Check, request, CallKind::kLook);
      if (!reply.ok()) co_return reply;
      bool changed = false;
      std::vector<std::pair<v1::Finding, std::string>> left;
      for (v1::Finding& found : *reply->mutable_findings()) {
        std::string why;
        if (options_.repair && found.mendable() && round < kRoundsMax) {
          const Result<bool> mended = co_await Mend(found, why);
          if (!mended.ok()) co_return mended.status();
          changed |= *mended;
          if (*mended) continue;
        }
        left.emplace_back(std::move(found), std::move(why));
      }
      if (changed) continue;
      for (auto& [finding, why] : left) co_await Report(std::move(finding), FsckFinding::State::kLeft, std::move(why));
      co_return reply;
    }
  }

  Task<Result<bool>> Mend(const v1::Finding& finding, std::string& why) {
    const std::string path = co_await PathOf(finding);  // as it was
    v1::MendRequest request;
    *request.mutable_finding() = finding;
    const Result<v1::MendReply> reply =
        co_await core_.session().Call(&MdsApi::Mend, std::move(request), CallKind::kChange);
    if (!reply.ok()) co_return reply.status().With("mending " + FindingName(finding.kind()));
    if (reply->outcome() == v1::MEND_CANNOT) {
      why = reply->what();
      co_return false;
    }
    // Gone: mending another finding did it; or else somebody's change, and there is nothing to tell.
    if (reply->outcome() == v1::MEND_DONE) ++mends_;
    if (reply->outcome() == v1::MEND_DONE || mends_ > mends_before_page_) {
      Keep(finding, FsckFinding::State::kMended, path, {});
    }
    co_return true;
  }

  Task<void> Report(v1::Finding finding, FsckFinding::State state, std::string why) {
    std::optional<v1::Finding> real = unclaimed_.Reconcile(std::move(finding));
    if (!real) co_return;
    std::string path;
    if (report_.findings.size() < options_.findings_max) path = co_await PathOf(*real);
    Keep(*real, state, std::move(path), why);
  }

  void Keep(const v1::Finding& finding, FsckFinding::State state, std::string path, const std::string& why) {
    ++(state == FsckFinding::State::kMended ? report_.mended : report_.left);
    if (report_.findings.size() >= options_.findings_max) return;
    FsckFinding kept;
    kept.kind = FindingName(finding.kind());
    if (finding.has_fid()) kept.fid = ToString(FromWire(finding.fid()));
    kept.path = std::move(path);
    kept.what = finding.what() + (why.empty() ? "" : "; not mended: " + why);
    kept.state = state;
    kept.mendable = finding.mendable();
    report_.findings.push_back(std::move(kept));
  }

  // Empty where nobody can tell.
  Task<std::string> PathOf(const v1::Finding& finding) {
    const bool of_entry = finding.has_parent();
    if (!of_entry && !finding.has_fid()) co_return std::string();
    const Fid fid = FromWire(of_entry ? finding.parent() : finding.fid());
    const Result<std::string> path = co_await core_.names().PathOf(fid);
    if (!path.ok()) co_return std::string();
    if (!of_entry || finding.name().empty()) co_return *path;
    const Result<DirectoryPtr> parent = Directory::Open(kRootFid, finding.parent_context(), core_.keys());
    if (!parent.ok()) co_return *path;
    const Result<std::string> name = (*parent)->ShownName(finding.cookie(), finding.name());
    co_return name.ok() ? JoinPath(*path, *name) : *path;
  }

  ClientCore& core_;
  const FsckOptions options_;
  UnclaimedNames unclaimed_;
  uint64_t mends_ = 0;
  uint64_t mends_before_page_ = 0;
  FsckReport report_;
};

}  // namespace

Task<Result<FsckReport>> Fsck(ClientCore& core, FsckOptions options) {
  FsckRun run(core, std::move(options));
  co_return co_await run.Run();
}

std::string FindingName(v1::FindingKind kind) {
  switch (kind) {
    case v1::FINDING_UNREADABLE:
      return "unreadable";
    case v1::FINDING_ENTRY:
      return "entry";
    case v1::FINDING_NAME:
      return "name";
    case v1::FINDING_NLINK:
      return "nlink";
    case v1::FINDING_LOST:
      return "lost";
    case v1::FINDING_DOUBLE:
      return "double-link";
    case v1::FINDING_CYCLE:
      return "cycle";
    case v1::FINDING_COUNTERS:
      return "counters";
    case v1::FINDING_SIZE:
      return "size";
    case v1::FINDING_LAYOUT:
      return "layout";
    case v1::FINDING_CONTEXT:
      return "context";
    case v1::FINDING_XATTR:
      return "xattr";
    case v1::FINDING_ORPHAN_ROW:
      return "orphan-row";
    case v1::FINDING_ORPHAN_OBJECT:
      return "orphan-object";
    case v1::FINDING_STRAY_OBJECT:
      return "stray-object";
    default:
      return "unknown";
  }
}

}  // namespace nacre
