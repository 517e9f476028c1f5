#include "mds/core/fsck/objects.h"

#include <utility>

#include "common/wire/wire.h"
#include "mds/core/fsck/gather.h"

namespace nacre {
namespace {

using Listing = v1::ListObjectsReply;

Task<Result<Listing>> List(Core& core, uint32_t ost, std::string from, uint32_t objects_max) {
  const std::string name = "OST " + std::to_string(ost);
  std::shared_ptr<OssApi> oss = core.osts.Ost(ost);
  if (oss == nullptr) co_return Status(Code::kUnavailable, name + " is not known");
  v1::ListObjectsRequest request;
  *request.mutable_header() = core.OssHeader(ost);
  request.set_from(from);
  request.set_objects_max(objects_max);
  auto listing = co_await ReturnTo(core.strand, oss->ListObjects(std::move(request)));
  if (listing.ok()) {
    if (Status status = StatusOf(listing->header()); !status.ok()) listing = std::move(status);
  }
  if (!listing.ok()) co_return listing.status().With("listing the objects of " + name);
  if (!listing->next().empty() && listing->next() <= from) {
    co_return Status(Code::kIo, name + " lists its objects in a circle");
  }
  co_return listing;
}

// One moment: nothing pauses.
Result<Findings> JudgeItems(Core& core, uint32_t ost, const Listing& listing) {
  Findings findings;
  Gatherer gatherer(core);
  for (const Listing::Item& item : listing.items()) {
    auto facts = gatherer.Object(ost, item);
    if (!facts.ok()) return facts.status();
    for (v1::Finding& finding : JudgeObject(*facts)) findings.push_back(std::move(finding));
  }
  return findings;
}

// Is it still there?
Task<Result<Listing>> ListAgain(Core& core, uint32_t ost, std::string key) {
  auto again = co_await List(core, ost, key, 1);
  if (!again.ok()) co_return again;
  if (again->items_size() > 0 && again->items(0).key() != key) again->clear_items();
  co_return again;
}

Task<Result<Findings>> Confirm(Core& core, uint32_t ost, std::string key) {
  auto again = co_await ListAgain(core, ost, std::move(key));
  if (!again.ok()) co_return again.status();
  co_return JudgeItems(core, ost, *again);
}

}  // namespace

Task<Result<ObjectsPage>> CheckObjects(Core& core, uint32_t ost, std::string from, uint32_t rows_max) {
  auto listing = co_await List(core, ost, std::move(from), rows_max);
  if (!listing.ok()) co_return listing.status();
  auto suspects = JudgeItems(core, ost, *listing);
  if (!suspects.ok()) co_return suspects.status();
  ObjectsPage page{.rows = static_cast<uint64_t>(listing->items_size()), .next = listing->next()};
  for (const v1::Finding& suspect : *suspects) {
    auto confirmed = co_await Confirm(core, ost, suspect.key());
    if (!confirmed.ok()) co_return confirmed.status();
    page.findings.insert(page.findings.end(), confirmed->begin(), confirmed->end());
  }
  co_return page;
}

Task<Result<Findings>> CheckObject(Core& core, uint32_t ost, std::string key) {
  auto listing = co_await ListAgain(core, ost, key);
  if (!listing.ok()) co_return listing.status();
  auto suspects = JudgeItems(core, ost, *listing);
  if (!suspects.ok() || suspects->empty()) co_return suspects;
  co_return co_await Confirm(core, ost, std::move(key));
}

}  // namespace nacre
