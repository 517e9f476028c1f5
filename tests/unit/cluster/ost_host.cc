#include <set>

#include "common/kv/memory_kv.h"
#include "common/wire/wire.h"
#include "oss/core/object_server.h"
#include "oss/core/rows.h"
#include "oss/store/memory_device.h"
#include "tests/unit/cluster/hosts.h"
#include "tests/unit/cluster/kv_search.h"
#include "tests/unit/cluster/server_lives.h"
#include "tests/unit/cluster/watched_kv.h"

namespace nacre {
namespace {

constexpr uint32_t kDeviceParts = 256;
constexpr uint32_t kSlotsLookedAt = 64;
constexpr Duration kAnnounceAgain = std::chrono::milliseconds(200);

SessionFences FencesIn(const v1::AnnounceTargetReply& reply) {
  return {.evicted = {reply.evicted_sessions().begin(), reply.evicted_sessions().end()}, .oldest = reply.oldest_session()};
}

}  // namespace

struct OstHost::Life {
  OssApi& api() { return *server; }
  Task<void> BeginStop() { return server->BeginStop(); }
  Task<void> Stop() { return server->Stop(); }

  std::unique_ptr<WatchedKv> kv;
  std::shared_ptr<MemoryDevice> device;
  bool ended_itself = false;
  std::unique_ptr<ObjectServer> server;
};

struct OstHost::Impl {
  Impl(SimLoop& given_loop, Random& given_random, uint32_t given_index, OstHostOptions given)
      : loop(given_loop), random(given_random), index(given_index), options(std::move(given)), lives(given_loop) {}

  ObjectServerOptions ServerOptions() {
    ObjectServerOptions server;
    server.fsid = kTestFsid;
    server.ost_index = index;
    server.boot_count = ++boot_count;
    server.capacity_bytes = options.capacity_bytes;
    server.tombstone_seconds = options.tombstone_seconds;
    server.session_silence_max = options.session_silence_max;
    return server;
  }
  void TakeStores() {
    kv = kv->CrashedCopy(&random);
    device = device->CrashedCopy(random, &loop);
  }

  SimLoop& loop;
  Random& random;
  const uint32_t index;
  const OstHostOptions options;
  std::shared_ptr<MemoryKv> kv = std::make_shared<MemoryKv>(ObjectStoreFamilies());
  std::shared_ptr<MemoryDevice> device = std::make_shared<MemoryDevice>(&loop);
  ServerLives<OssApi, Life> lives;
  void Fenced(std::vector<uint64_t> sessions) {
    fenced_ever.insert(sessions.begin(), sessions.end());
    fenced = std::move(sessions);
  }

  uint64_t boot_count = 0;
  uint64_t suicides = 0;
  std::vector<uint64_t> fenced;  // of those that were told last
  std::set<uint64_t> fenced_ever;
};

OstHost::OstHost(SimLoop& loop, Random& random, uint32_t index, OstHostOptions options)
    : impl_(std::make_unique<Impl>(loop, random, index, std::move(options))) {}

OstHost::~OstHost() {
  Stop();
  impl_->lives.WaitForTheDead();
}

Task<Status> OstHost::PowerOn() {
  const auto life = std::make_shared<Life>();
  life->kv = std::make_unique<WatchedKv>(impl_->kv, kReplyFamily, "OST " + std::to_string(impl_->index));
  life->device = impl_->device;
  FatalHandler fatal = [this, dying = life.get()](const Status&) {
    dying->ended_itself = true;
    if (dying != impl_->lives.now()) return;  // it had lost power before
    ++impl_->suicides;
    PowerOff();
  };
  const ObjectServer::Parts parts{impl_->loop, impl_->loop, impl_->loop, *life->kv, *life->device, std::move(fatal)};
  life->server = std::make_unique<ObjectServer>(parts, impl_->ServerOptions());
  impl_->lives.Begin(life);
  SessionFences fences;
  while (impl_->options.announce) {
    const Result<v1::AnnounceTargetReply> told = co_await impl_->options.announce(Announcement());
    if (told.ok()) fences = FencesIn(*told);
    if (told.ok()) break;
    co_await Sleep(impl_->loop, impl_->loop, kAnnounceAgain);
  }
  const Status started = co_await life->server->Start(fences);
  co_await Hop(impl_->loop);
  if (started.ok()) impl_->Fenced(fences.evicted);
  if (started.ok() && impl_->lives.now() == life.get()) impl_->lives.Serve();
  co_return started;
}

void OstHost::Start() {
  const Status started = impl_->loop.Run(PowerOn());
  ASSERT_TRUE(started.ok()) << started.ToString();
}

void OstHost::Stop() { impl_->lives.StopInOrder(); }

void OstHost::PowerOff() {
  if (impl_->lives.now() == nullptr) return;
  impl_->TakeStores();
  impl_->lives.PowerOff();
}

void OstHost::Crash() {
  PowerOff();
  Start();
}

void OstHost::FailNextRead(const Status& error, bool of_a_page) {
  if (impl_->lives.now() == nullptr) return;
  if (of_a_page) {
    impl_->device->FailNextRead(error);
  } else {
    impl_->lives.now()->kv->FailNextRead(error);
  }
}
void OstHost::FailNoRead() {
  impl_->device->FailNoRead();
  if (impl_->lives.now() != nullptr) impl_->lives.now()->kv->FailNoRead();
}

bool OstHost::IsUp() const { return impl_->lives.place()->server != nullptr; }
uint64_t OstHost::suicides() const { return impl_->suicides; }
MemoryKv& OstHost::kv() { return *impl_->kv; }
MemoryDevice& OstHost::device() { return *impl_->device; }
const std::shared_ptr<Place<OssApi>>& OstHost::place() const { return impl_->lives.place(); }

v1::AnnounceTargetRequest OstHost::Announcement() const {
  v1::AnnounceTargetRequest request;
  request.mutable_header()->set_protocol_version(kProtocolVersion);
  request.mutable_header()->set_fsid(kTestFsid);
  request.mutable_header()->set_client_id(std::string(16, static_cast<char>('A' + impl_->index)));
  request.mutable_target()->set_kind(v1::TARGET_OST);
  request.mutable_target()->set_index(impl_->index);
  request.mutable_target()->set_address("ost:" + std::to_string(impl_->index));
  request.mutable_target()->set_boot_count(impl_->boot_count);
  request.mutable_target()->set_capacity_bytes(impl_->options.capacity_bytes);
  request.mutable_target()->set_free_bytes(impl_->options.capacity_bytes);
  request.set_instance(std::string(16, static_cast<char>('a' + impl_->index)));
  for (uint64_t session : impl_->fenced) request.add_fenced_sessions(session);
  return request;
}

Task<void> OstHost::Hear(v1::AnnounceTargetReply reply) {
  const Life* life = impl_->lives.now();
  if (life == nullptr) co_return;
  const std::shared_ptr<void> kept = impl_->lives.place()->keeps;
  const SessionFences fences = FencesIn(reply);
  const Status fenced = co_await life->server->Fence(fences);
  co_await Hop(impl_->loop);
  if (fenced.ok() && impl_->lives.now() == life) impl_->Fenced(fences.evicted);  // else nobody knows what is stable
}

std::vector<uint64_t> OstHost::RecordsOfFenced() {
  std::vector<uint64_t> sessions;
  for (auto at = impl_->kv->Seek(kReplyFamily, ""); at->Valid(); at->Next()) {
    const uint64_t session = LoadBigEndian64(AsBytes(at->key()).data());
    if (impl_->fenced_ever.contains(session)) sessions.push_back(session);
  }
  return sessions;
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

std::vector<std::string> OstHost::Objects() {
  std::vector<std::string> all;
  for (uint32_t part = 0; part < kDeviceParts; ++part) {
    const Result<std::vector<ObjectId>> objects = impl_->loop.Run(impl_->device->List(part));
    EXPECT_TRUE(objects.ok());
    for (const ObjectId& id : *objects) {
      const bool has_row = impl_->kv->Get(kObjectFamily, ObjectKey(id))->has_value();
      const bool is_dead = impl_->kv->Get(kTombstoneFamily, ObjectKey(id))->has_value();
      all.push_back(ToString(id) + (has_row ? " with a row" : "") + (is_dead ? " with a tombstone" : ""));
    }
  }
  return all;
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

uint64_t OstHost::StoredPages() const { return impl_->device->StoredPages(); }

}  // namespace nacre
