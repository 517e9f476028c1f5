#include "common/kv/memory_kv.h"
#include "common/wire/wire.h"
#include "mds/core/format.h"
#include "mds/core/key_schema.h"
#include "mds/core/metadata_server.h"
#include "tests/unit/cluster/hosts.h"
#include "tests/unit/cluster/kv_search.h"
#include "tests/unit/cluster/server_lives.h"
#include "tests/unit/cluster/watched_kv.h"

namespace nacre {

struct MdsHost::Life final : OssDirectory {
  explicit Life(FindOst find) : find_ost(std::move(find)) {}
  ~Life() override { server.reset(); }
  std::shared_ptr<OssApi> Ost(uint32_t index) override { return caller->over ? nullptr : find_ost(index, caller); }
  void AddressIs(uint32_t, const std::string&) override {}
  MdsApi& api() { return *server; }
  Task<void> BeginStop() { return server->BeginStop(); }
  Task<void> Stop() { return server->Stop(); }

  const FindOst find_ost;
  const std::shared_ptr<CallerLife> caller = std::make_shared<CallerLife>();
  std::unique_ptr<WatchedKv> kv;
  Strand strand;
  bool ended_itself = false;
  std::unique_ptr<MetadataServer> server;
};

struct MdsHost::Impl {
  Impl(SimLoop& given_loop, Random& given_random, FindOst find, bool announce)
      : loop(given_loop), random(given_random), find_ost(std::move(find)), targets_announce(announce), lives(given_loop) {}

  SimLoop& loop;
  Random& random;
  const FindOst find_ost;
  const bool targets_announce;
  std::shared_ptr<MemoryKv> kv = std::make_shared<MemoryKv>(MdsFamilies());
  ServerLives<MdsApi, Life> lives;
  uint64_t boot_count = 0;
  uint64_t suicides = 0;
  const std::shared_ptr<bool> full = std::make_shared<bool>(false);  // one that ended itself looks for longer than this is here
};

MdsHost::MdsHost(SimLoop& loop, Random& random, FindOst find_ost, bool targets_announce)
    : impl_(std::make_unique<Impl>(loop, random, std::move(find_ost), targets_announce)) {
  const Result<std::string> fsid = FormatMds(*impl_->kv, kTestFsid, random, loop);
  EXPECT_TRUE(fsid.ok()) << fsid.status().ToString();
}

MdsHost::~MdsHost() {
  Stop();
  impl_->lives.WaitForTheDead();
}

Task<Status> MdsHost::PowerOn() {
  const auto life = std::make_shared<Life>(impl_->find_ost);
  life->kv = std::make_unique<WatchedKv>(impl_->kv, kReplyFamily, "the MDS");
  MdsOptions options;
  life->caller->number = options.boot_count = ++impl_->boot_count;
  if (!impl_->targets_announce) options.target_silent_max = std::chrono::hours(1000);
  options.free_bytes = [full = impl_->full] { return std::optional(*full ? 0 : kGiB); };
  options.fatal = [this, dying = life.get()](const Status&) {
    dying->ended_itself = true;
    if (dying != impl_->lives.now()) return;  // it had lost power before
    ++impl_->suicides;
    PowerOff();
  };
  const MdsSeams seams{.kv = *life->kv,
                       .strand = life->strand,
                       .io = impl_->loop,
                       .timers = impl_->loop,
                       .clock = impl_->loop,
                       .random = impl_->random,
                       .osts = *life};
  life->server = std::make_unique<MetadataServer>(std::move(options), seams);
  impl_->lives.Begin(life);
  const Status started = co_await life->server->Start();
  co_await Hop(impl_->loop);
  if (started.ok() && impl_->lives.now() == life.get()) impl_->lives.Serve();
  co_return started;
}

void MdsHost::Start() {
  const Status started = impl_->loop.Run(PowerOn());
  ASSERT_TRUE(started.ok()) << started.ToString();
}

void MdsHost::Stop() { impl_->lives.StopInOrder(); }

void MdsHost::PowerOff() {
  if (impl_->lives.now() == nullptr) return;
  impl_->kv = impl_->kv->CrashedCopy(&impl_->random);
  impl_->lives.now()->caller->over = true;
  impl_->lives.PowerOff();
}

void MdsHost::Crash() {
  PowerOff();
  Start();
}

void MdsHost::FailNextRead(const Status& error) {
  if (impl_->lives.now() != nullptr) impl_->lives.now()->kv->FailNextRead(error);
}
void MdsHost::FailNoRead() {
  if (impl_->lives.now() != nullptr) impl_->lives.now()->kv->FailNoRead();
}

void MdsHost::SetFull(bool full) { *impl_->full = full; }

bool MdsHost::IsUp() const { return impl_->lives.place()->server != nullptr; }
uint64_t MdsHost::suicides() const { return impl_->suicides; }
MemoryKv& MdsHost::kv() { return *impl_->kv; }
const std::shared_ptr<Place<MdsApi>>& MdsHost::place() const { return impl_->lives.place(); }

bool MdsHost::Stores(const std::string& bytes) { return KvHolds(*impl_->kv, MdsFamilies().size(), bytes); }

std::vector<std::string> MdsHost::WithoutContext() {
  const auto type_has_one = [](v1::FileType type) {
    return type == v1::FILE_TYPE_REGULAR || type == v1::FILE_TYPE_DIRECTORY || type == v1::FILE_TYPE_SYMLINK;
  };
  std::map<std::string, rows::InodeRow> inodes;
  for (auto at = impl_->kv->Seek(kInodeFamily, ""); at->Valid(); at->Next()) {
    EXPECT_TRUE(inodes[std::string(at->key())].ParseFromArray(at->value().data(), static_cast<int>(at->value().size())));
  }
  std::vector<std::string> without;
  for (const auto& [key, inode] : inodes) {
    const auto parent = inodes.find(FidKey(FromWire(inode.parent())));
    if (parent == inodes.end() || parent->second.context().empty() || !type_has_one(inode.attr().type())) continue;
    if (inode.context().empty()) without.push_back(inode.ShortDebugString());
  }
  return without;
}

}  // namespace nacre
