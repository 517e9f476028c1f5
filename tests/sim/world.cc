#include "tests/sim/world.h"

#include <algorithm>

#include "client/crypto/file_keys.h"
#include "common/wire/wire.h"
#include "oss/store/memory_device.h"

namespace nacre::sim {
namespace {

constexpr uint64_t kOstBytes = 64 * kMiB;
constexpr Duration kEndless = std::chrono::minutes(30);

std::shared_ptr<const MasterKey> TheKey() {
  std::vector<uint8_t> raw(64, 7);
  return std::make_shared<const MasterKey>(*SecretKey::FromBytes(raw));
}

template <typename Request, typename Api>
Task<bool> Serves(SimLoop& loop, std::shared_ptr<Place<Api>> place) {
  if (place->server == nullptr) co_return false;
  const std::shared_ptr<void> kept = place->keeps;
  const uint64_t life = place->life;
  Request request;
  request.mutable_header()->set_protocol_version(kProtocolVersion);
  request.mutable_header()->set_client_id(std::string(16, 'p'));
  const auto reply = co_await place->server->Ping(std::move(request));
  co_await Hop(loop);
  co_return reply.ok() && reply->clients_awaited() == 0 && place->life == life;
}

}  // namespace

SimClient::SimClient(World& world, uint32_t number, Duration wait_timeout)
    : world_(world),
      number_(number),
      name_("client" + std::to_string(number)),
      random_(world.plan.seed * 1009 + number),
      calls_(world.trace, name_),
      core(MakeEnvironment(wait_timeout)) {
  log.watcher = &calls_;
  log.weather = [this](const std::string&) { return world_.Travel(); };
}

Environment SimClient::MakeEnvironment(Duration wait_timeout) {
  Environment environment = world_.BaseEnvironment(log);
  environment.random = &random_;
  environment.keyring = &keyring_;
  environment.client_name = name_;
  environment.wait_timeout = wait_timeout;
  environment.notice = [this](const std::string& text) { world_.trace.Note(name_, "notice: " + text); };
  return environment;
}

void SimClient::Die() {
  if (dead_) return;
  dead_ = true;
  log.Cut();
  world_.trace.Note(name_, "dies");
  const auto waiting = std::exchange(when_dead_, {});
  for (const auto& [number, tell] : waiting) tell();
}

World::World(const Plan& given, bool keep_trace)
    : plan(given),
      loop(given.seed),
      random(given.seed * 31 + 1),
      dice(given.seed * 37 + 2),
      trace(loop, keep_trace),
      key(TheKey()),
      orders_trace_(trace, "mds"),
      announce_trace_(trace, "targets") {
  trace.Note("plan", plan.Text());
  orders_.watcher = &orders_trace_;
  announcements_.watcher = &announce_trace_;
  orders_.weather = announcements_.weather = [this](const std::string&) { return Travel(); };
  mds = std::make_unique<MdsHost>(
      loop, random,
      [this](uint32_t index, std::shared_ptr<const CallerLife> life) -> std::shared_ptr<OssApi> {
        if (index >= osts.size()) return nullptr;
        return MakeLink(&loop, osts[index]->place(), &orders_, std::move(life));
      },
      true);
  mds->Start();
  OstHostOptions options;
  options.capacity_bytes = kOstBytes;
  options.session_silence_max = std::chrono::minutes(3);
  options.announce = [link = MakeLink(&loop, mds->place(), &announcements_)](v1::AnnounceTargetRequest request) {
    return link->AnnounceTarget(std::move(request));
  };
  for (uint32_t index = 0; index < plan.osts; ++index) {
    osts.push_back(std::make_unique<OstHost>(loop, random, index, options));
    osts.back()->Start();
    Detach(Announce(index));
  }
  Detach(Supervise());
  loop.Pass(std::chrono::seconds(1));
}

World::~World() {
  ending_ = true;
  const auto over = [this] { return background_ == 0 && graves_ == 0 && !mds_starts_ && osts_start_.empty(); };
  EXPECT_TRUE(loop.RunUntil(over, std::chrono::hours(3)))
      << "something never ends: " << background_ << " background tasks, " << graves_ << " dead clients, "
      << osts_start_.size() << " OSTs that start";
  mds.reset();
  osts.clear();
}

CallLog::Journey World::Travel() {
  CallLog::Journey journey;
  const auto up_to = [this](Duration most) {
    return Duration(static_cast<int64_t>(random.Below(static_cast<uint64_t>(most.count()) + 1)));
  };
  // Most are quick; a few take the whole time, so that others overtake them.
  const auto leg = [&] { return random.Below(4) == 0 ? up_to(plan.delay_max) : up_to(plan.delay_max / 20); };
  journey.there = leg();
  journey.back = leg();
  if (!faulty_) return journey;
  if (random.Below(1000) < plan.lost) {
    journey.loss = random.Below(2) == 0 ? CallLog::Loss::kRequest : CallLog::Loss::kReply;
  }
  if (random.Below(1000) < plan.copied) journey.copy = up_to(plan.copy_after_max);
  return journey;
}

Environment World::BaseEnvironment(CallLog& log) {
  Environment environment;
  environment.mds = MakeLink(&loop, mds->place(), &log);
  environment.mds_address = "mds:0";
  environment.connect_oss = [this, &log](const std::string& address) -> std::shared_ptr<OssApi> {
    const size_t index = std::strtoul(address.c_str() + address.rfind(':') + 1, nullptr, 10);
    return MakeLink(&loop, osts.at(index)->place(), &log);
  };
  environment.pool = &loop;
  environment.timers = &loop;
  environment.clock = &loop;
  return environment;
}

Task<Result<SimClientPtr>> World::NewClient(Patience patience) {
  const Duration wait = patience == Patience::kEndless ? kEndless : plan.wait_timeout;
  const auto client = std::make_shared<SimClient>(*this, ++clients_, wait);
  trace.Note(client->name(), "begins");
  const Status started = co_await client->Do(client->core.Start(), client);
  if (!started.ok()) {
    Bury(client);
    co_return started;
  }
  if (!plan.encrypted) co_return client;
  const Status unlocked = co_await client->Do(client->core.policies().Unlock("/d", key), client);
  if (unlocked.ok()) co_return client;
  Bury(client);
  co_return unlocked;
}

Task<Status> World::Format() {
  const auto client = std::make_shared<SimClient>(*this, ++clients_, kEndless);
  NACRE_CO_RETURN_IF_ERROR(co_await client->Do(client->core.Start(), client));
  const PolicyOptions options;
  Task<Status> make = plan.encrypted ? client->core.policies().Encrypt("/d", key, options)
                                     : client->core.names().MakeDirectory("/d", 0755, false);
  NACRE_CO_RETURN_IF_ERROR(co_await client->Do(std::move(make), client));
  Task<Status> plain = client->core.names().MakeDirectory(Top(false), 0755, false);
  NACRE_CO_RETURN_IF_ERROR(co_await client->Do(std::move(plain), client));
  NACRE_CO_RETURN_IF_ERROR(co_await client->Do(client->core.Commit(), client));
  Bury(client);
  co_return Status::Ok();
}

bool World::MayFail(const Status& status) const {
  switch (status.code()) {
    case Code::kUnavailable:
    case Code::kTimedOut:
    case Code::kStale:
    case Code::kFenced:
      return plan.outlasting_partitions;
    case Code::kIo:
    case Code::kIntegrity:
      // A disk that others have filled meanwhile has no room for what comes again.
      return plan.outlasting_partitions || flips > 0 || full_disks > 0 || failed_reads > 0;
    case Code::kNoSpace:
      return full_disks > 0 || full_mds > 0;
    default:
      return false;
  }
}

bool World::Expect(SimClient& client, const std::string& who, const std::string& what, const Status& status, Code wanted) {
  if (client.dead()) return false;
  trace.Note(client.name(), who + " " + what + ": " + std::string(CodeName(status.code())));
  if (status.code() == wanted) return true;
  if (MayFail(status)) {
    client.doubtful = true;
    return false;
  }
  ADD_FAILURE() << who << " of " << client.name() << ", " << what << ": " << status.ToString() << ", wanted "
                << CodeName(wanted);
  return false;
}

bool World::Failed(SimClient& client, const Status& status, const std::string& what) {
  if (client.dead()) return true;
  trace.Note(client.name(), what + ": " + std::string(CodeName(status.code())));
  if (status.ok()) return false;
  client.doubtful = true;
  EXPECT_TRUE(plan.MayFail()) << client.name() << ", " << what << ": " << status.ToString();
  return true;
}

Task<bool> World::MakeFile(SimClientPtr client, std::string path, uint32_t stripes) {
  FileOpener::Wish wish;
  wish.write = wish.create = wish.exclusive = true;
  wish.hint.set_stripe_count(stripes);
  wish.hint.set_stripe_bytes(64 * kKiB);
  Task<Result<std::shared_ptr<OpenFile>>> open = client->core.opener().Open(std::move(path), wish);
  const Result<std::shared_ptr<OpenFile>> file = co_await client->Do(std::move(open), client);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  if (!file.ok()) co_return false;
  Task<Status> close = client->core.closer().Close(*file);
  const Status closed = co_await client->Do(std::move(close), client);
  const Status stable = co_await client->Do(client->core.Commit(), client);
  EXPECT_TRUE(closed.ok() && stable.ok()) << closed.ToString() << ", " << stable.ToString();
  co_return closed.ok() && stable.ok();
}

void World::Bury(SimClientPtr client) {
  ++graves_;
  Detach(BuryNow(std::move(client)));
}

Task<void> World::BuryNow(SimClientPtr client) {
  while (!client->Quiet()) co_await Sleep(loop, loop, std::chrono::milliseconds(100));
  const Status ended = co_await client->core.End();
  if (!client->dead() && !client->doubtful) {
    EXPECT_TRUE(ended.ok()) << client->name() << " ends with " << ended.ToString();
  }
  co_await Sleep(loop, loop, std::chrono::seconds(1));  // the coroutine that brought the answer has ended
  --graves_;
}

uint64_t World::crashes() const {
  uint64_t all = crashes_ + mds->suicides();
  for (const auto& ost : osts) all += ost->suicides();
  return all;
}

void World::CrashMds(Duration down) {
  if (!mds->IsUp()) return;
  ++crashes_;
  ++mds_crashes_;
  Note("MDS loses power");
  mds->PowerOff();
  mds_starts_ = true;
  Detach(RestartMds(down));
}

Task<void> World::RestartMds(Duration down) {
  co_await Sleep(loop, loop, down);
  const std::vector<std::string> without = mds->WithoutContext();
  EXPECT_TRUE(without.empty()) << "an inode of an encrypted directory is without its context: " << without.front();
  const Status started = co_await mds->PowerOn();
  Note("MDS starts: " + started.ToString());
  EXPECT_TRUE(started.ok()) << "MDS: " << started.ToString();
  mds_starts_ = false;
}

void World::CrashOst(uint32_t index, Duration down) {
  if (!osts[index]->IsUp()) return;
  ++crashes_;
  Note("OST " + std::to_string(index) + " loses power");
  osts[index]->PowerOff();
  osts_start_.insert(index);
  Detach(RestartOst(index, down));
}

Task<bool> World::MdsServes() { return Serves<v1::MdsPingRequest>(loop, mds->place()); }
Task<bool> World::OstServes(uint32_t index) { return Serves<v1::OssPingRequest>(loop, osts[index]->place()); }

void World::CheckFences(uint32_t index) {
  const std::vector<uint64_t> late = osts[index]->RecordsOfFenced();
  EXPECT_TRUE(late.empty()) << "OST " << index << " holds a write of an evicted client that it had called fenced";
}

void World::CutOffOrders(bool cut) {
  Note(cut ? "the MDS does not reach the OSTs, nor they it" : "MDS and OSTs reach each other again");
  for (CallLog* log : {&orders_, &announcements_}) cut ? log->Cut() : log->Mend();
}

Task<void> World::RestartOst(uint32_t index, Duration down) {
  co_await Sleep(loop, loop, down);
  CheckFences(index);
  const Status started = co_await osts[index]->PowerOn();
  Note("OST " + std::to_string(index) + " starts: " + started.ToString());
  EXPECT_TRUE(started.ok()) << "OST " << index << ": " << started.ToString();
  osts_start_.erase(index);
}

// As oss/announcer.cc does.
Task<void> World::Announce(uint32_t index) {
  ++background_;
  const std::shared_ptr<MdsApi> link = MakeLink(&loop, mds->place(), &announcements_);
  while (!ending_) {
    if (osts[index]->IsUp()) {
      Result<v1::AnnounceTargetReply> reply = co_await link->AnnounceTarget(osts[index]->Announcement());
      if (reply.ok()) Detach(osts[index]->Hear(*std::move(reply)));  // one that ends itself over it never answers
    }
    co_await Sleep(loop, loop, std::chrono::seconds(2));
  }
  --background_;
}

// Starts whatever has ended itself.
Task<void> World::Supervise() {
  ++background_;
  while (!ending_) {
    co_await Sleep(loop, loop, std::chrono::milliseconds(500));
    if (!mds->IsUp() && !mds_starts_) {
      Note("the MDS has ended itself");
      mds_starts_ = true;
      Detach(RestartMds(Duration(0)));
    }
    for (uint32_t index = 0; index < osts.size(); ++index) {
      if (osts[index]->IsUp() || osts_start_.contains(index)) continue;
      Note("OST " + std::to_string(index) + " has ended itself");
      osts_start_.insert(index);
      Detach(RestartOst(index, Duration(0)));
    }
  }
  --background_;
}

bool World::AllUp() const {
  return mds->IsUp() && std::all_of(osts.begin(), osts.end(), [](const auto& ost) { return ost->IsUp(); });
}

Task<void> World::Heal() {
  faulty_ = false;
  Note("heals");
  while (!AllUp()) co_await Sleep(loop, loop, std::chrono::milliseconds(10));
}

Task<void> World::RestartAll() {
  CrashMds(Duration(0));
  for (uint32_t index = 0; index < osts.size(); ++index) CrashOst(index, Duration(0));
  co_await Heal();
}

Task<void> World::Drain() {
  co_await Sleep(loop, loop, plan.copy_after_max + 2 * plan.delay_max + std::chrono::seconds(1));
}

}  // namespace nacre::sim
