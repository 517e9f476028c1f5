// FakeOss: an OST for tests of the metadata server: objects as sizes, times, epochs and page digests. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/hash.h"
#include "common/base/units.h"
#include "common/wire/wire.h"
#include "mds/core/oss_directory.h"

namespace nacre {

class FakeOss final : public OssApi {
 public:
  struct Object {
    uint64_t size = 0;
    int64_t mtime_ns = 0;
    uint64_t file_epoch = 0;
    std::map<uint64_t, std::string> digests;  // by page; a page without is a hole
  };
  std::map<ObjectId, Object> objects;
  std::set<ObjectId> tombstones;
  bool down = false;
  std::set<ObjectId> unreadable;  // no request that names one of them is answered well
  int glimpses = 0, set_sizes = 0, punches = 0, destroys = 0;
  bool glimpse_committed = false;
  Executor* answers_on = nullptr;  // null: at once

  // What a client's write leaves.
  void Write(const ObjectId& id, uint64_t page, const std::string& content, uint64_t end, int64_t mtime_ns) {
    Object& object = objects[id];
    object.size = std::max(object.size, end);
    object.mtime_ns = std::max(object.mtime_ns, mtime_ns);
    object.digests[page] = Digest(content);
  }
  static std::string Digest(const std::string& content) {
    return ToString(ByteView(Sha256(AsBytes(content))).first(16));
  }

  Task<Result<v1::SetSizeReply>> SetSize(v1::SetSizeRequest request) override {
    ++set_sizes;
    if (answers_on != nullptr) co_await Hop(*answers_on);
    NACRE_CO_RETURN_IF_ERROR(Reach());
    const ObjectId id = *FromWire(request.object());
    if (tombstones.contains(id)) co_return Status(Code::kStale, "destroyed");
    Object& object = objects[id];
    v1::SetSizeReply reply;
    if (request.file_epoch() < object.file_epoch) co_return Status(Code::kStaleEpoch, "older epoch");
    if (request.file_epoch() > object.file_epoch || !done_.contains({id, request.file_epoch()})) {
      NACRE_CO_RETURN_IF_ERROR(Check(object, request.size() / kPageBytes, request.tail_condition()));
      object.file_epoch = request.file_epoch();
      object.size = request.size();
      object.mtime_ns = std::max<int64_t>(object.mtime_ns, request.mtime_ns());
      object.digests.erase(object.digests.lower_bound(PagesCovering(request.size())), object.digests.end());
      if (!request.tail_page().empty()) object.digests[request.size() / kPageBytes] = Digest(request.tail_page());
      done_.insert({id, request.file_epoch()});
    }
    reply.set_allocated_bytes(object.digests.size() * kPageBytes);
    co_return reply;
  }

  Task<Result<v1::PunchReply>> Punch(v1::PunchRequest request) override {
    ++punches;
    NACRE_CO_RETURN_IF_ERROR(Reach());
    const ObjectId id = *FromWire(request.object());
    Object& object = objects[id];
    for (const auto& edge : request.edges()) {
      NACRE_CO_RETURN_IF_ERROR(Check(object, edge.page(), edge.condition()));
    }
    object.file_epoch = request.file_epoch();
    for (uint64_t page = request.first_page(); page < request.first_page() + request.page_count(); ++page) {
      object.digests.erase(page);
    }
    for (const auto& edge : request.edges()) object.digests[edge.page()] = Digest(edge.ciphertext());
    v1::PunchReply reply;
    reply.set_allocated_bytes(object.digests.size() * kPageBytes);
    co_return reply;
  }

  Task<Result<v1::GlimpseReply>> Glimpse(v1::GlimpseRequest request) override {
    ++glimpses;
    if (answers_on != nullptr) co_await Hop(*answers_on);
    NACRE_CO_RETURN_IF_ERROR(Reach());
    glimpse_committed = request.commit();
    v1::GlimpseReply reply;
    for (const auto& item : request.items()) {
      auto* out = reply.add_items();
      auto it = objects.find(*FromWire(item.object()));
      if (it == objects.end()) continue;
      Object& object = it->second;
      object.file_epoch = std::max<uint64_t>(object.file_epoch, item.raise_epoch());
      out->set_exists(true);
      out->set_size(object.size);
      out->set_mtime_ns(object.mtime_ns);
      out->set_allocated_bytes(object.digests.size() * kPageBytes);
      out->set_file_epoch(object.file_epoch);
    }
    co_return reply;
  }

  Task<Result<v1::DestroyReply>> Destroy(v1::DestroyRequest request) override {
    ++destroys;
    NACRE_CO_RETURN_IF_ERROR(Reach());
    for (const auto& object : request.objects()) {
      if (unreadable.contains(*FromWire(object))) co_return Status(Code::kIntegrity, "a chunk row is malformed");
    }
    for (const auto& object : request.objects()) {
      objects.erase(*FromWire(object));
      tombstones.insert(*FromWire(object));
    }
    co_return v1::DestroyReply();
  }

  Task<Result<v1::ListObjectsReply>> ListObjects(v1::ListObjectsRequest request) override {
    NACRE_CO_RETURN_IF_ERROR(Reach());
    v1::ListObjectsReply reply;
    for (const auto& [id, object] : objects) {
      std::string key;
      AppendObjectId(key, id);
      if (key < request.from()) continue;
      if (static_cast<uint32_t>(reply.items_size()) == request.objects_max()) {
        reply.set_next(std::move(key));
        break;
      }
      auto* item = reply.add_items();
      item->set_key(std::move(key));
      item->set_size(object.size);
      item->set_pages(object.digests.size());
      item->set_file_epoch(object.file_epoch);
    }
    co_return reply;
  }

  // The MDS asks for none of these.
  Task<Result<v1::OssConnectReply>> Connect(v1::OssConnectRequest) override { co_return Never(); }
  Task<Result<v1::OssEndReplayReply>> EndReplay(v1::OssEndReplayRequest) override { co_return Never(); }
  Task<Result<v1::OssDisconnectReply>> Disconnect(v1::OssDisconnectRequest) override { co_return Never(); }
  Task<Result<v1::WriteReply>> Write(v1::WriteHeader, CipherRunPtr) override { co_return Never(); }
  Task<Result<ObjectPages>> Read(v1::ReadRequest) override { co_return Never(); }
  Task<Result<v1::CommitReply>> Commit(v1::CommitRequest) override { co_return Never(); }
  Task<Result<v1::OssPingReply>> Ping(v1::OssPingRequest) override { co_return Never(); }

 private:
  static Status Never() { return Status(Code::kUnsupported, "not asked for by an MDS"); }
  Status Reach() const { return down ? Status(Code::kUnavailable, "down") : Status(); }
  static Status Check(const Object& object, uint64_t page, const v1::Condition& condition) {
    auto it = object.digests.find(page);
    const bool lost = condition.has_hole() ? it != object.digests.end()
                      : condition.has_digest() && (it == object.digests.end() || it->second != condition.digest());
    return lost ? Status(Code::kLostRace, "the page is another") : Status();
  }
  std::set<std::pair<ObjectId, uint64_t>> done_;
};

class FakeOsts final : public OssDirectory {
 public:
  explicit FakeOsts(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) osts.push_back(std::make_shared<FakeOss>());
  }
  std::shared_ptr<OssApi> Ost(uint32_t index) override { return index < osts.size() ? osts[index] : nullptr; }
  void AddressIs(uint32_t, const std::string&) override {}

  std::vector<std::shared_ptr<FakeOss>> osts;
};

}  // namespace nacre
