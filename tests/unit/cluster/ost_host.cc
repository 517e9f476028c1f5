#include "common/kv/memory_kv.h"
#include "common/wire/wire.h"
#include "oss/core/object_server.h"
#include "oss/core/rows.h"
#include "oss/store/memory_device.h"
#include "tests/unit/cluster/hosts.h"
#include "tests/unit/cluster/kv_search.h"

namespace nacre {
namespace {

constexpr uint32_t kDeviceParts = 256;
constexpr uint32_t kSlotsLookedAt = 64;

}  // namespace

struct OstHost::Impl {
  Impl(SimLoop& given_loop, Random& given_random, uint32_t given_index)
      : loop(given_loop), random(given_random), index(given_index) {}

  SimLoop& loop;
  Random& random;
  const uint32_t index;
  std::unique_ptr<MemoryKv> kv = std::make_unique<MemoryKv>(ObjectStoreFamilies());
  std::unique_ptr<MemoryDevice> device = std::make_unique<MemoryDevice>(&loop);
  std::unique_ptr<ObjectServer> server;
  std::shared_ptr<Place<OssApi>> place = std::make_shared<Place<OssApi>>();
  uint64_t boot_count = 0;
};

OstHost::OstHost(SimLoop& loop, Random& random, uint32_t index) : impl_(std::make_unique<Impl>(loop, random, index)) {}

OstHost::~OstHost() { Stop(); }

void OstHost::Start() {
  ObjectServerOptions options;
  options.fsid = kTestFsid;
  options.ost_index = impl_->index;
  options.boot_count = ++impl_->boot_count;
  options.capacity_bytes = kGiB;
  const ObjectServer::Parts parts{impl_->loop, impl_->loop, impl_->loop, *impl_->kv, *impl_->device, {}};
  impl_->server = std::make_unique<ObjectServer>(parts, options);
  const Status started = impl_->loop.Run(impl_->server->Start());
  ASSERT_TRUE(started.ok()) << started.ToString();
  impl_->place->server = impl_->server.get();
  ++impl_->place->life;
}

void OstHost::Stop() {
  impl_->place->server = nullptr;
  ++impl_->place->life;
  if (impl_->server == nullptr) return;
  impl_->loop.Run(impl_->server->Stop());
  impl_->loop.Pass(std::chrono::milliseconds(1));  // calls under way end
  impl_->server.reset();
}

void OstHost::Crash() {
  std::unique_ptr<MemoryKv> kv_left = impl_->kv->CrashedCopy(&impl_->random);
  std::unique_ptr<MemoryDevice> device_left = impl_->device->CrashedCopy(impl_->random, &impl_->loop);
  Stop();  // what it still did is lost with its stores
  impl_->kv = std::move(kv_left);
  impl_->device = std::move(device_left);
  Start();
}

const std::shared_ptr<Place<OssApi>>& OstHost::place() const { return impl_->place; }

v1::AnnounceTargetRequest OstHost::Announcement() const {
  v1::AnnounceTargetRequest request;
  request.mutable_header()->set_protocol_version(kProtocolVersion);
  request.mutable_header()->set_fsid(kTestFsid);
  request.mutable_header()->set_client_id(std::string(16, static_cast<char>('A' + impl_->index)));
  request.mutable_target()->set_kind(v1::TARGET_OST);
  request.mutable_target()->set_index(impl_->index);
  request.mutable_target()->set_address("ost:" + std::to_string(impl_->index));
  request.mutable_target()->set_boot_count(impl_->boot_count);
  request.mutable_target()->set_capacity_bytes(kGiB);
  request.mutable_target()->set_free_bytes(kGiB);
  request.set_instance(std::string(16, static_cast<char>('a' + impl_->index)));
  return request;
}

bool OstHost::Stores(const std::string& bytes) {
  if (KvHolds(*impl_->kv, ObjectStoreFamilies().size(), bytes)) return true;
  for (uint32_t part = 0; part < kDeviceParts; ++part) {
    const Result<std::vector<ObjectId>> objects = impl_->loop.Run(impl_->device->List(part));
    EXPECT_TRUE(objects.ok());
    for (const ObjectId& id : *objects) {
      std::vector<uint8_t> content(kSlotsLookedAt * kPageBytes);
      const std::vector<SlotSpan> spans{SlotSpan{.first = 0, .count = kSlotsLookedAt}};
      if (!impl_->loop.Run(impl_->device->Read(id, spans, content)).ok()) continue;
      if (AsText(content).find(bytes) != std::string_view::npos) return true;
    }
  }
  return false;
}

void OstHost::PlantObject(const ObjectId& id, uint64_t size) {
  KvBatch batch;
  batch.Put(kObjectFamily, ObjectKey(id), EncodeObjectRow({.size = size, .file_epoch = 1}));
  ASSERT_TRUE(impl_->kv->Apply(batch, KvStore::Durability::kSynced).ok());
}

void OstHost::LoseObject(const ObjectId& id) {
  KvBatch batch;
  batch.Delete(kObjectFamily, ObjectKey(id));
  ASSERT_TRUE(impl_->kv->Apply(batch, KvStore::Durability::kSynced).ok());
}

bool OstHost::HasObject(const ObjectId& id) { return impl_->kv->Get(kObjectFamily, ObjectKey(id))->has_value(); }

bool OstHost::HasTombstone(const ObjectId& id) { return impl_->kv->Get(kTombstoneFamily, ObjectKey(id))->has_value(); }

KvStore& OstHost::kv() { return *impl_->kv; }

uint64_t OstHost::StoredPages() const { return impl_->device->StoredPages(); }

}  // namespace nacre
