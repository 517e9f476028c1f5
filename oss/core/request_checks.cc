#include "oss/core/request_checks.h"

#include <algorithm>
#include <string>

#include "common/base/units.h"
#include "common/wire/wire.h"

namespace nacre {
namespace {

Status Invalid(std::string message) { return Status(Code::kInvalid, std::move(message)); }

Status CheckCapability(const std::string& capability) {
  if (capability.empty()) return Status::Ok();
  return Status(Code::kUnsupported, "capabilities are not spoken here yet");
}

// Pages [first, first + count), count at least one, below the last page there can be.
Status CheckPages(uint64_t first, uint64_t count) {
  if (count == 0) return Invalid("a request for no pages");
  if (first >= kObjectPagesMax || count > kObjectPagesMax - first) {
    return Status(Code::kTooLarge, "page numbers end at 2^48");
  }
  return Status::Ok();
}

Result<PageCondition> CheckCondition(const v1::Condition& condition) {
  PageCondition out;
  switch (condition.kind_case()) {
    case v1::Condition::KIND_NOT_SET:
      return out;
    case v1::Condition::kHole:
      if (!condition.hole()) return Invalid("a condition 'hole' that is false says nothing");
      out.kind = PageCondition::Kind::kHole;
      return out;
    case v1::Condition::kDigest:
      if (condition.digest().size() != out.digest.size()) return Invalid("a condition's digest has 16 bytes");
      out.kind = PageCondition::Kind::kDigest;
      std::copy(condition.digest().begin(), condition.digest().end(), out.digest.begin());
      return out;
  }
  return Invalid("a condition of unknown kind");
}

Status CheckEpochOfOrder(uint64_t file_epoch) {
  return file_epoch == 0 ? Invalid("a change by order of the MDS needs a file epoch above 0") : Status::Ok();
}

}  // namespace

bool PageCondition::HoldsFor(const std::optional<PageDigest>& page) const {
  switch (kind) {
    case Kind::kNone:
      return true;
    case Kind::kHole:
      return !page.has_value();
    case Kind::kDigest:
      return page == digest;
  }
  return false;
}

Result<CheckedWrite> CheckWrite(const v1::WriteHeader& request, const CipherRun* run) {
  NACRE_RETURN_IF_ERROR(CheckCapability(request.capability()));
  const Result<ObjectId> object = FromWire(request.object());
  if (!object.ok()) return object.status();
  if (run == nullptr) return Invalid("a write without pages");
  if (request.meta_length() != 0 || run->meta_bytes() != 0) return Status(Code::kUnsupported, "no policy has page meta yet");
  if (request.page_count() > kRequestPagesMax) return Invalid("more than 1024 pages in one write");
  if (request.page_count() != run->page_count()) return Invalid("page_count is not the number of pages that came");
  if (request.offset() % kPageBytes != 0) return Invalid("a write begins at a page border");
  if (request.size_diff() >= kPageBytes) return Invalid("size_diff is smaller than a page");
  if (request.encrypted() != run->encrypted()) return Invalid("the encrypted bit is not that of the pages");
  CheckedWrite out{.object = *object, .first_page = request.offset() / kPageBytes};
  NACRE_RETURN_IF_ERROR(CheckPages(out.first_page, request.page_count()));
  const Result<PageCondition> first = CheckCondition(request.first());
  if (!first.ok()) return first.status();
  const Result<PageCondition> last = CheckCondition(request.last());
  if (!last.ok()) return last.status();
  out.first = *first;
  out.last = *last;
  return out;
}

Result<ObjectId> CheckRead(const v1::ReadRequest& request) {
  NACRE_RETURN_IF_ERROR(CheckCapability(request.capability()));
  if (request.page_count() > kRequestPagesMax) return Invalid("more than 1024 pages in one read");
  NACRE_RETURN_IF_ERROR(CheckPages(request.first_page(), request.page_count()));
  return FromWire(request.object());
}

Result<CheckedSetSize> CheckSetSize(const v1::SetSizeRequest& request) {
  NACRE_RETURN_IF_ERROR(CheckEpochOfOrder(request.file_epoch()));
  if (request.size() > kFileBytesMax) return Status(Code::kTooLarge, "an object's size ends at 2^60");
  if (!request.tail_meta().empty()) return Status(Code::kUnsupported, "no policy has page meta yet");
  if (!request.tail_page().empty()) {
    if (request.tail_page().size() != kPageBytes) return Invalid("a tail page has 4096 bytes");
    if (request.size() % kPageBytes == 0) return Invalid("a tail page, but the size ends at a page border");
  }
  const Result<ObjectId> object = FromWire(request.object());
  if (!object.ok()) return object.status();
  const Result<PageCondition> tail = CheckCondition(request.tail_condition());
  if (!tail.ok()) return tail.status();
  if (tail->kind != PageCondition::Kind::kNone && request.size() == 0) return Invalid("a tail condition without a tail");
  return CheckedSetSize{.object = *object, .tail = *tail};
}

Result<CheckedPunch> CheckPunch(const v1::PunchRequest& request) {
  NACRE_RETURN_IF_ERROR(CheckEpochOfOrder(request.file_epoch()));
  const Result<ObjectId> object = FromWire(request.object());
  if (!object.ok()) return object.status();
  if (request.first_page() > kObjectPagesMax || request.page_count() > kObjectPagesMax - request.first_page()) {
    return Status(Code::kTooLarge, "page numbers end at 2^48");
  }
  if (request.edges_size() > 2) return Invalid("a punched range has two edges");
  CheckedPunch out{.object = *object, .end_page = request.first_page() + request.page_count()};
  for (const v1::EdgePage& edge : request.edges()) {
    NACRE_RETURN_IF_ERROR(CheckPages(edge.page(), 1));
    if (edge.ciphertext().size() != kPageBytes) return Invalid("an edge page has 4096 bytes");
    if (!edge.meta().empty()) return Status(Code::kUnsupported, "no policy has page meta yet");
    const Result<PageCondition> condition = CheckCondition(edge.condition());
    if (!condition.ok()) return condition.status();
    out.edges.push_back(*condition);
  }
  if (request.edges_size() == 2 && request.edges(0).page() == request.edges(1).page()) {
    return Invalid("two edges that are the same page");
  }
  return out;
}

Result<std::vector<ObjectId>> CheckGlimpse(const v1::GlimpseRequest& request) {
  if (request.items_size() > kItemsMax) return Invalid("more than 10000 objects in one request");
  std::vector<ObjectId> objects;
  for (const v1::GlimpseRequest::Item& item : request.items()) {
    const Result<ObjectId> object = FromWire(item.object());
    if (!object.ok()) return object.status();
    objects.push_back(*object);
  }
  return objects;
}

Result<std::vector<ObjectId>> CheckDestroy(const v1::DestroyRequest& request) {
  if (request.objects_size() > kItemsMax) return Invalid("more than 10000 objects in one request");
  std::vector<ObjectId> objects;
  for (const v1::ObjectId& wire : request.objects()) {
    const Result<ObjectId> object = FromWire(wire);
    if (!object.ok()) return object.status();
    objects.push_back(*object);
  }
  return objects;
}

}  // namespace nacre
