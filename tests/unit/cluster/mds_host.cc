#include "common/kv/memory_kv.h"
#include "common/wire/wire.h"
#include "mds/core/format.h"
#include "mds/core/key_schema.h"
#include "mds/core/metadata_server.h"
#include "tests/unit/cluster/hosts.h"
#include "tests/unit/cluster/kv_search.h"

namespace nacre {

struct MdsHost::Impl final : OssDirectory {
  Impl(SimLoop& given_loop, Random& given_random, std::function<std::shared_ptr<OssApi>(uint32_t)> find)
      : loop(given_loop), random(given_random), find_ost(std::move(find)) {}
  std::shared_ptr<OssApi> Ost(uint32_t index) override { return find_ost(index); }
  void AddressIs(uint32_t, const std::string&) override {}

  SimLoop& loop;
  Random& random;
  const std::function<std::shared_ptr<OssApi>(uint32_t)> find_ost;
  Strand strand;
  std::unique_ptr<MemoryKv> kv = std::make_unique<MemoryKv>(MdsFamilies());
  std::unique_ptr<MetadataServer> server;
  std::shared_ptr<Place<MdsApi>> place = std::make_shared<Place<MdsApi>>();
  uint64_t boot_count = 0;
};

MdsHost::MdsHost(SimLoop& loop, Random& random, std::function<std::shared_ptr<OssApi>(uint32_t)> find_ost)
    : impl_(std::make_unique<Impl>(loop, random, std::move(find_ost))) {
  const Result<std::string> fsid = FormatMds(*impl_->kv, kTestFsid, random, loop);
  EXPECT_TRUE(fsid.ok()) << fsid.status().ToString();
}

MdsHost::~MdsHost() { Stop(); }

void MdsHost::Start() {
  MdsOptions options;
  options.boot_count = ++impl_->boot_count;
  options.target_silent_max = std::chrono::hours(1000);  // nobody announces itself again here
  const MdsSeams seams{.kv = *impl_->kv,
                       .strand = impl_->strand,
                       .io = impl_->loop,
                       .timers = impl_->loop,
                       .clock = impl_->loop,
                       .random = impl_->random,
                       .osts = *impl_};
  impl_->server = std::make_unique<MetadataServer>(options, seams);
  const Status started = impl_->loop.Run(impl_->server->Start());
  ASSERT_TRUE(started.ok()) << started.ToString();
  impl_->place->server = impl_->server.get();
  ++impl_->place->life;
}

void MdsHost::Stop() {
  impl_->place->server = nullptr;
  ++impl_->place->life;
  if (impl_->server == nullptr) return;
  impl_->loop.Run(impl_->server->Stop());
  impl_->loop.Pass(std::chrono::milliseconds(1));  // calls under way end
  impl_->server.reset();
}

void MdsHost::Crash() {
  std::unique_ptr<MemoryKv> left = impl_->kv->CrashedCopy(&impl_->random);
  Stop();  // what it still did is lost with its store
  impl_->kv = std::move(left);
  Start();
}

const std::shared_ptr<Place<MdsApi>>& MdsHost::place() const { return impl_->place; }

KvStore& MdsHost::kv() { return *impl_->kv; }

bool MdsHost::Stores(const std::string& bytes) { return KvHolds(*impl_->kv, MdsFamilies().size(), bytes); }

}  // namespace nacre
