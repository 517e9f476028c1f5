// Rig: a metadata server over memory, with fake OSTs, a clock and timers moved by hand, and short ways to ask it things.
#pragma once

#include <map>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "common/fs/encryption_context.h"
#include "common/kv/memory_kv.h"
#include "mds/core/format.h"
#include "mds/core/key_schema.h"
#include "mds/core/metadata_server.h"
#include "tests/unit/mds/fake_oss.h"

namespace nacre {

class HandClock final : public Clock {
 public:
  MonotonicTime Now() override { return {now_ns}; }
  int64_t WallNs() override { return now_ns + 1'000'000'000'000; }
  int64_t now_ns = 1'000'000'000;
};

// Jobs at once, or kept until let go.
class HandExecutor final : public Executor {
 public:
  void Post(Job job) override {
    if (!hold) return job();
    jobs.push_back(std::move(job));
  }
  void LetGo() {
    while (!jobs.empty()) {
      Job job = std::move(jobs.front());
      jobs.pop_front();
      job();
    }
  }
  bool hold = false;
  std::deque<Job> jobs;
};

class HandTimers final : public Timers {
 public:
  void PostAfter(Duration, Executor& where, Executor::Job job) override { waiting.push_back({&where, std::move(job)}); }
  void Fire() {
    auto due = std::move(waiting);
    waiting.clear();
    for (auto& [where, job] : due) where->Post(std::move(job));
  }
  std::vector<std::pair<Executor*, Executor::Job>> waiting;
};

// A task under way whose answer may not be there yet.
template <typename T>
std::shared_ptr<std::optional<T>> Begin(Task<T> task) {
  auto answer = std::make_shared<std::optional<T>>();
  Detach([](Task<T> owned, std::shared_ptr<std::optional<T>> out) -> Task<void> {
    out->emplace(co_await std::move(owned));
  }(std::move(task), answer));
  return answer;
}

inline std::string TestContext(uint8_t key, uint8_t nonce) {
  EncryptionContext context;
  context.policy.key_identifier.fill(key);
  context.nonce.fill(nonce);
  return EncodeContext(context);
}

class MdsRig : public testing::Test {
 protected:
  static constexpr uint32_t kOsts = 3;

  // What it stores in.
  virtual KvStore& Store() { return *kv; }

  void SetUp() override {
    kv = std::make_unique<MemoryKv>(MdsFamilies());
    ASSERT_TRUE(FormatMds(*kv, "0123456789abcdef", random, clock).ok());
    StartServer();
    Join();
  }
  void TearDown() override { StopServer(); }

  void StartServer() {
    MdsOptions options;
    options.boot_count = ++boot_count;
    options.free_bytes = [this] { return free_bytes; };
    options.notice = [this](const Status& status) { notices.push_back(status.message()); };
    const MdsSeams seams{
        .kv = Store(), .strand = strand, .io = io, .timers = timers, .clock = clock, .random = random, .osts = osts};
    server = std::make_unique<MetadataServer>(options, seams);
    const Status started = SyncWait(server->Start());
    ASSERT_TRUE(started.ok()) << started.ToString();
  }
  void StopServer() {
    if (server == nullptr) return;
    bool stopped = false;
    Detach([](MetadataServer& which, bool& done) -> Task<void> {
      co_await which.Stop();
      done = true;
    }(*server, stopped));
    for (int i = 0; i < 100 && !stopped; ++i) {
      io.LetGo();
      timers.Fire();
    }
    ASSERT_TRUE(stopped);
    server.reset();
  }
  // Power cut and start: what was not synced is gone. The clients of before do not come back.
  void CrashServer() {
    Commit();
    CrashServerAwaited();
    Pass(MdsOptions().recovery_window);
  }
  // Now the server waits for them.
  void CrashServerAwaited() {
    auto survived = kv->CrashedCopy();
    StopServer();
    kv = std::move(survived);
    io.hold = false;
    StartServer();
  }
  void Join() {
    for (uint32_t i = 0; i < kOsts; ++i) Announce(i);
    session = NewSession();
    range = Grant(session);
    next_oid = 1;
  }
  void Announce(uint32_t index) {
    const auto reply = SyncWait(server->AnnounceTarget(AnnouncementOf(index, {})));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  }
  v1::AnnounceTargetRequest AnnouncementOf(uint32_t index, const std::vector<uint64_t>& fenced) {
    v1::AnnounceTargetRequest request;
    *request.mutable_header() = Header(0);
    request.mutable_target()->set_kind(v1::TARGET_OST);
    request.mutable_target()->set_index(index);
    request.mutable_target()->set_address("127.0.0.1:" + std::to_string(9000 + index));
    request.mutable_target()->set_capacity_bytes(100 * kGiB);
    request.mutable_target()->set_free_bytes(50 * kGiB);
    request.set_instance(std::string(16, static_cast<char>('a' + index)));
    for (uint64_t one : fenced) request.add_fenced_sessions(one);
    return request;
  }
  uint64_t NewSession() { return Connect(0).value().session(); }
  // before: the session to go on with; 0: of a new client.
  Result<v1::ConnectReply> Connect(uint64_t before) {
    v1::ConnectRequest request;
    *request.mutable_header() = Header(before);
    if (before == 0) request.mutable_header()->set_client_id("client" + std::to_string(1'000'000'000 + ++clients));
    auto reply = SyncWait(server->Connect(request));
    if (reply.ok()) client_ids[reply->session()] = request.header().client_id();
    return reply;
  }
  // Everything answered is stable.
  void Commit() {
    v1::MdsCommitRequest request;
    *request.mutable_header() = Header(session);
    (void)Begin(server->Commit(request));
    io.LetGo();
  }
  std::shared_ptr<std::optional<Result<v1::EndReplayReply>>> EndReplay(uint64_t of) {
    v1::EndReplayRequest request;
    *request.mutable_header() = Header(of);
    return Begin(server->EndReplay(request));
  }
  // The client is there again, in its session.
  void ComeBack() {
    const auto connected = Connect(session);
    ASSERT_TRUE(connected.ok()) << connected.status().ToString();
    ASSERT_EQ(connected->session(), session);
  }
  uint64_t Grant(uint64_t of) {
    v1::GrantFidsRequest request;
    *request.mutable_header() = Header(of);
    return SyncWait(server->GrantFids(request)).value().seq();
  }
  // In steps of a second, as time passes.
  void Pass(Duration passed) {
    for (Duration left = passed; left.count() > 0; left -= std::chrono::seconds(1)) {
      Tick(std::min<Duration>(left, std::chrono::seconds(1)));
    }
  }
  void Tick(Duration passed) {
    clock.now_ns += passed.count();
    timers.Fire();
  }

  // The destroyer gathers objects for a moment before it asks the OSTs.
  void LetDestroy() {
    timers.Fire();
    timers.Fire();
  }
  v1::RequestHeader Header(uint64_t of) {
    v1::RequestHeader header;
    header.set_protocol_version(1);
    header.set_fsid("0123456789abcdef");
    const auto client = client_ids.find(of);
    header.set_client_id(client == client_ids.end() ? "client-id-16-byt" : client->second);
    header.set_session(of);
    header.set_xid(++xid);
    header.mutable_caller()->set_uid(uid);
    header.mutable_caller()->set_gid(gid);
    return header;
  }
  v1::Fid NextFid() {
    if (next_oid > kFidRangeCount) {
      range = Grant(session);
      next_oid = 1;
    }
    return ToWire(Fid{.seq = range, .oid = next_oid++});
  }
  v1::Parent In(const v1::Fid& directory, const std::string& context = {}) {
    v1::Parent parent;
    *parent.mutable_fid() = directory;
    parent.set_context_hash(ContextHash(AsBytes(context)));
    return parent;
  }
  v1::Parent Root() { return In(ToWire(kRootFid)); }

  v1::MakeRequest MakeOf(const v1::Parent& parent, const std::string& name, v1::FileType type = v1::FILE_TYPE_DIRECTORY) {
    v1::MakeRequest request;
    *request.mutable_fid() = NextFid();
    *request.mutable_header() = Header(session);
    *request.mutable_parent() = parent;
    request.mutable_name()->set_stored(name);
    request.set_type(type);
    request.set_mode(0755);
    if (type == v1::FILE_TYPE_SYMLINK) {
      request.set_symlink_target("somewhere");
      request.set_symlink_size(9);
    }
    return request;
  }
  Result<v1::MakeReply> Make(const v1::Parent& parent, const std::string& name,
                             v1::FileType type = v1::FILE_TYPE_DIRECTORY) {
    return SyncWait(server->Make(MakeOf(parent, name, type)));
  }
  v1::OpenRequest OpenOf(const v1::Parent& parent, const std::string& name, bool create, bool write) {
    v1::OpenRequest request;
    if (create) *request.mutable_fid() = NextFid();  // first: it may have to ask for a range, in the same slot
    *request.mutable_header() = Header(session);
    *request.mutable_parent() = parent;
    request.mutable_name()->set_stored(name);
    request.set_create(create);
    request.set_read(true);
    request.set_write(write);
    request.set_mode(0644);
    return request;
  }
  struct Opened {
    v1::OpenReply reply;
    uint64_t handle = 0;
    Fid fid() const { return FromWire(reply.inode().fid()); }
  };
  Result<Opened> Open(v1::OpenRequest request) {
    const uint64_t handle = request.header().xid();
    auto reply = SyncWait(server->Open(std::move(request)));
    if (!reply.ok()) return reply.status();
    return Opened{.reply = *std::move(reply), .handle = handle};
  }
  Opened Create(const v1::Parent& parent, const std::string& name, bool write = true) {
    auto opened = Open(OpenOf(parent, name, true, write));
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return *opened;
  }
  v1::CloseRequest CloseOf(const Opened& opened, std::optional<uint64_t> size = {}, int64_t mtime_ns = 0) {
    v1::CloseRequest request;
    *request.mutable_header() = Header(session);
    auto* item = request.add_items();
    *item->mutable_fid() = opened.reply.inode().fid();
    item->set_handle(opened.handle);
    item->set_has_report(size.has_value());
    item->set_size(size.value_or(0));
    item->set_blocks(size ? PagesCovering(*size) * 8 : 0);
    item->set_mtime_ns(mtime_ns);
    return request;
  }
  Code Reopen(const Opened& opened, bool write = true) {
    v1::ReopenRequest request;
    *request.mutable_header() = Header(session);
    auto* item = request.add_items();
    *item->mutable_fid() = opened.reply.inode().fid();
    item->set_handle(opened.handle);
    item->set_write(write);
    const auto reply = SyncWait(server->Reopen(request));
    return reply.ok() ? static_cast<Code>(reply->codes(0)) : reply.code();
  }
  Code Close(const Opened& opened, std::optional<uint64_t> size = {}, int64_t mtime_ns = 0) {
    auto reply = SyncWait(server->Close(CloseOf(opened, size, mtime_ns)));
    return reply.ok() ? static_cast<Code>(reply->codes(0)) : reply.code();
  }
  // A closed file of this size.
  v1::Fid File(const v1::Parent& parent, const std::string& name, uint64_t size = 0) {
    const Opened opened = Create(parent, name);
    EXPECT_EQ(Close(opened, size, clock.WallNs()), Code::kOk);
    return opened.reply.inode().fid();
  }
  Result<v1::UnlinkReply> Unlink(const v1::Parent& parent, const std::string& name, bool directory = false) {
    v1::UnlinkRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_parent() = parent;
    request.mutable_name()->set_stored(name);
    request.set_directory(directory);
    return SyncWait(server->Unlink(request));
  }
  v1::LookupRequest LookupOf(const v1::Parent& parent, const std::string& name) {
    v1::LookupRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_parent() = parent;
    request.mutable_name()->set_stored(name);
    return request;
  }
  Result<v1::LookupReply> Lookup(const v1::Parent& parent, const std::string& name) {
    return SyncWait(server->Lookup(LookupOf(parent, name)));
  }
  Result<v1::Attr> Stat(const v1::Fid& fid) {
    v1::GetAttrRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = fid;
    auto reply = SyncWait(server->GetAttr(request));
    if (!reply.ok()) return reply.status();
    return reply->inode().attr();
  }
  Result<v1::ReaddirReply> Readdir(const v1::Fid& fid, uint64_t after = 0, uint32_t entries_max = 1000) {
    v1::ReaddirRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = fid;
    request.set_after(after);
    request.set_entries_max(entries_max);
    return SyncWait(server->Readdir(request));
  }
  v1::RenameRequest RenameOf(const v1::Parent& from, const std::string& from_name, const v1::Parent& to,
                             const std::string& to_name) {
    v1::RenameRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_from_parent() = from;
    request.mutable_from_name()->set_stored(from_name);
    *request.mutable_to_parent() = to;
    request.mutable_to_name()->set_stored(to_name);
    return request;
  }
  Code Rename(const v1::Parent& from, const std::string& from_name, const v1::Parent& to, const std::string& to_name) {
    return SyncWait(server->Rename(RenameOf(from, from_name, to, to_name))).code();
  }
  Code Link(const v1::Fid& fid, const v1::Parent& parent, const std::string& name) {
    v1::LinkRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = fid;
    *request.mutable_parent() = parent;
    request.mutable_name()->set_stored(name);
    return SyncWait(server->Link(request)).code();
  }
  v1::TruncateRequest TruncateOf(const v1::Fid& fid, uint64_t size) {
    v1::TruncateRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = fid;
    request.set_size(size);
    return request;
  }
  v1::MdsPingReply Ping() {
    v1::MdsPingRequest request;
    *request.mutable_header() = Header(0);
    request.set_with_operations(true);
    return SyncWait(server->Ping(request)).value();
  }
  ObjectId ObjectOf(const Opened& opened, uint32_t stripe = 0) {
    return {.fid = opened.fid(), .component = 0, .mirror = opened.reply.inode().layout().mirrors(0).id(), .stripe = stripe};
  }
  FakeOss& OstOf(const Opened& opened, uint32_t stripe = 0) {
    return *osts.osts[opened.reply.inode().layout().mirrors(0).components(0).osts(static_cast<int>(stripe))];
  }

  HandClock clock;
  SeededRandom random{7};
  HandExecutor io;
  HandTimers timers;
  Strand strand;
  FakeOsts osts{kOsts};
  std::unique_ptr<MemoryKv> kv;
  uint64_t clients = 0;
  std::map<uint64_t, std::string> client_ids;  // of sessions
  std::unique_ptr<MetadataServer> server;
  std::vector<std::string> notices;  // what an operator was told
  std::optional<uint64_t> free_bytes;  // on the disk
  uint64_t boot_count = 0;
  uint64_t xid = 0;
  uint64_t session = 0;
  uint64_t range = 0;
  uint32_t next_oid = 1;
  uint32_t uid = 0, gid = 0;
};

}  // namespace nacre
