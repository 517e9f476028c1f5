// Several clients at once on real threads, each with its own objects and a model of them: over memory stores, and over
// files and RocksDB. Whatever the interleaving, every object is what its client made of it, also after a restart.
#include <gtest/gtest.h>

#include <thread>

#include "common/runtime/thread_pool.h"
#include "tests/contract/temp_directory.h"
#include "tests/unit/oss/object_model.h"
#ifdef NACRE_TEST_ON_DISK
#include "common/kv/rocksdb_kv.h"
#include "oss/store/file_device.h"
#endif

namespace nacre {
namespace {

struct MemoryStores {
  void Open() {}
  void Close() {}
  KvStore& kv() { return memory_kv; }
  ObjectDevice& device() { return memory_device; }
  MemoryKv memory_kv{ObjectStoreFamilies()};
  MemoryDevice memory_device;
};

#ifdef NACRE_TEST_ON_DISK
struct DiskStores {
  void Open() {
    auto opened = OpenRocksKv(directory.path() + "/kv", ObjectStoreFamilies(), {});
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    rocks = std::move(*opened);
    auto files_opened = FileDevice::Open(directory.path() + "/objects");
    ASSERT_TRUE(files_opened.ok());
    files = std::move(*files_opened);
  }
  void Close() {
    rocks.reset();
    files.reset();
  }
  KvStore& kv() { return *rocks; }
  ObjectDevice& device() { return *files; }
  TempDirectory directory;
  std::unique_ptr<KvStore> rocks;
  std::unique_ptr<FileDevice> files;
};
using Stores = testing::Types<MemoryStores, DiskStores>;
#else
using Stores = testing::Types<MemoryStores>;
#endif

template <typename Store>
class Cluster {
 public:
  Cluster() {
    options.fsid = std::string(16, 'f');
    options.commit.interval = std::chrono::milliseconds(20);
    options.commit.commit_bytes = 4 * kMiB;
    options.commit.dirty_bytes_max = 8 * kMiB;
    options.cache = {.chunks_max = 8, .objects_max = 4};
    Boot();
  }
  ~Cluster() { Shut(); }
  void Boot() {
    store.Open();
    ++options.boot_count;
    server = std::make_unique<ObjectServer>(ObjectServer::Parts{pool, pool, clock, store.kv(), store.device(), {}}, options);
    const Status started = SyncWait(server->Start());
    ASSERT_TRUE(started.ok()) << started.ToString();
  }
  void Shut() {
    SyncWait(server->Stop());
    server.reset();
    store.Close();
  }
  Store store;
  SystemClock clock;
  ThreadPool pool{3};
  ObjectServerOptions options;
  std::unique_ptr<ObjectServer> server;
};

// One client on one thread, with the objects numbered from first_object on.
template <typename Store>
class Client {
 public:
  Client(Cluster<Store>& cluster, uint64_t number, uint64_t seed) : cluster_(cluster), number_(number), random_(seed) {}

  void Connect() {
    v1::OssConnectRequest request;
    *request.mutable_header() = Header();
    ASSERT_TRUE(SyncWait(cluster_.server->Connect(request)).ok());
  }
  void Change() {
    const uint32_t index = static_cast<uint32_t>(random_.Below(kObjects));
    ModelObject& object = model_[index];
    const ObjectId id = TestObject(static_cast<uint32_t>(number_ * kObjects + index));
    const uint64_t what = random_.Below(100);
    if (what < 84) return Write(object, id, epochs_[index]);
    if (what < 90) {
      const uint64_t size = random_.Below(kPages * kPageBytes);
      v1::SetSizeRequest request;
      *request.mutable_header() = Header();
      *request.mutable_object() = ToWire(id);
      request.set_size(size);
      request.set_file_epoch(++epochs_[index]);
      object.pages.erase(object.pages.lower_bound(PagesCovering(size)), object.pages.end());
      object.size = size;
      const auto reply = SyncWait(cluster_.server->SetSize(request));
      ASSERT_TRUE(reply.ok()) << reply.status().ToString();
      return;
    }
    Check(index);
  }
  void Check(uint32_t index) {
    epoch = epochs_[index];
    ModelObject expected = model_[index];
    ASSERT_EQ(reader_.Show(*this, static_cast<uint32_t>(number_ * kObjects + index), epoch), expected);
  }
  void CheckAll() {
    for (uint32_t i = 0; i < kObjects; ++i) Check(i);
  }
  uint64_t pages() const {
    uint64_t count = 0;
    for (const ModelObject& object : model_) count += object.pages.size();
    return count;
  }

  Result<ObjectPages> Read(const ObjectId& id, uint64_t page, uint32_t count) {  // for ModelReader
    v1::ReadRequest request;
    *request.mutable_header() = Header();
    *request.mutable_object() = ToWire(id);
    request.set_first_page(page);
    request.set_page_count(count);
    request.set_file_epoch(epoch);
    return SyncWait(cluster_.server->Read(request));
  }
  uint64_t epoch = 1;

 private:
  static constexpr uint32_t kObjects = 4;
  static constexpr uint64_t kPages = 600;

  void Write(ModelObject& object, const ObjectId& id, uint64_t file_epoch) {
    const uint64_t page = random_.Below(kPages);
    const uint64_t count = 1 + random_.Below(random_.Below(6) == 0 ? 64 : 4);
    v1::WriteHeader request;
    *request.mutable_header() = Header();
    *request.mutable_object() = ToWire(id);
    request.set_encrypted(true);
    request.set_file_epoch(file_epoch);
    request.set_offset(page * kPageBytes);
    request.set_page_count(static_cast<uint32_t>(count));
    request.set_size_diff(static_cast<uint32_t>(random_.Below(kPageBytes)));
    std::string bytes;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t seed = reader_.NewPage(random_);
      bytes += PageOf(seed);
      object.pages[page + i] = seed;
    }
    object.size = std::max(object.size, (page + count) * kPageBytes - request.size_diff());
    const auto reply = SyncWait(cluster_.server->Write(request, RunOf(bytes)));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    ASSERT_EQ(reply->object_size(), object.size);
  }
  v1::RequestHeader Header() {
    v1::RequestHeader header;
    header.set_protocol_version(kProtocolVersion);
    header.set_fsid(cluster_.options.fsid);
    header.set_client_id(std::string(16, static_cast<char>('a' + number_)));
    header.set_session(100 + number_);
    header.set_xid(++xid_);
    return header;
  }

  Cluster<Store>& cluster_;
  const uint64_t number_;
  SeededRandom random_;
  ModelReader reader_;
  std::vector<ModelObject> model_ = std::vector<ModelObject>(kObjects);
  std::vector<uint64_t> epochs_ = std::vector<uint64_t>(kObjects, 1);
  uint64_t xid_ = 0;
};

template <typename Store>
class ObjectServerStress : public testing::Test {};
TYPED_TEST_SUITE(ObjectServerStress, Stores);

TYPED_TEST(ObjectServerStress, ManyClientsEachSeeWhatTheyWrote) {
  const uint64_t seed = SystemRandom().Next64();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Cluster<TypeParam> cluster;
  std::vector<std::unique_ptr<Client<TypeParam>>> clients;
  for (uint64_t i = 0; i < 4; ++i) clients.push_back(std::make_unique<Client<TypeParam>>(cluster, i, seed + i));
  for (int life = 0; life < 3; ++life) {
    std::vector<std::thread> threads;
    for (auto& client : clients) {
      threads.emplace_back([&client] {
        client->Connect();
        client->CheckAll();
        for (int i = 0; i < 900 && !testing::Test::HasFailure(); ++i) client->Change();
      });
    }
    for (std::thread& thread : threads) thread.join();
    cluster.Shut();
    cluster.Boot();
  }
  uint64_t pages = 0;
  for (auto& client : clients) {
    client->Connect();
    client->CheckAll();
    pages += client->pages();
  }
  v1::OssPingRequest ping;
  ping.mutable_header()->set_protocol_version(kProtocolVersion);
  ping.mutable_header()->set_client_id(std::string(16, 'p'));
  EXPECT_EQ(SyncWait(cluster.server->Ping(ping))->used_bytes(), pages * kPageBytes);
}

}  // namespace
}  // namespace nacre
