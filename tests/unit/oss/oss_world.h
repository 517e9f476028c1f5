// OssWorld: an ObjectServer over memory stores and a hand-driven executor, and short ways to ask it things.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/hash.h"
#include "common/kv/memory_kv.h"
#include "common/wire/wire.h"
#include "oss/core/object_server.h"
#include "oss/core/stored_runs.h"
#include "oss/store/memory_device.h"

namespace nacre {

class ManualClock final : public Clock {
 public:
  MonotonicTime Now() override { return now_; }
  int64_t WallNs() override { return 1'000'000'000'000'000'000 + now_.ns; }
  void Advance(Duration by) { now_ = now_ + by; }

 private:
  MonotonicTime now_{1};
};

// One thread, jobs in order; timers fire when the clock is moved.
class HandQueue final : public Executor, public Timers {
 public:
  void Post(Job job) override { jobs_.push_back(std::move(job)); }
  void PostAfter(Duration delay, Executor& where, Job job) override {
    timers_.emplace((clock.Now() + delay).ns, Timer{&where, std::move(job)});
  }
  bool RunOne() {
    if (jobs_.empty()) return false;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }
  void RunAll() {
    while (RunOne()) {
    }
  }
  void Advance(Duration by) {
    const MonotonicTime end = clock.Now() + by;
    while (!timers_.empty() && timers_.begin()->first <= end.ns) {
      clock.Advance(std::max(Duration(0), Duration(timers_.begin()->first - clock.Now().ns)));
      Timer timer = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      timer.where->Post(std::move(timer.job));
      RunAll();
    }
    clock.Advance(end - clock.Now());
  }
  // Nothing runs meanwhile: the machine is stopped.
  void Pause(Duration by) { clock.Advance(by); }
  ManualClock clock;

 private:
  struct Timer {
    Executor* where;
    Job job;
  };
  std::deque<Job> jobs_;
  std::multimap<int64_t, Timer> timers_;
};

inline std::string PageOf(uint64_t seed) {
  std::string page(kPageBytes, '\0');
  SeededRandom(seed).Fill({reinterpret_cast<uint8_t*>(page.data()), page.size()});
  return page;
}

inline CipherRunPtr RunOf(const std::string& bytes, bool encrypted = true) {
  struct Held {
    std::string bytes;
    MutableBytes view;
  };
  auto held = std::make_shared<Held>();
  held->bytes = bytes;
  held->view = {reinterpret_cast<uint8_t*>(held->bytes.data()), held->bytes.size()};
  return StoredRuns::Make(std::shared_ptr<MutableBytes>(held, &held->view), bytes.size(), encrypted);
}

inline std::string DigestOf(const std::string& page) {
  const auto sum = Sha256(AsBytes(page));
  return std::string(reinterpret_cast<const char*>(sum.data()), 16);
}

inline std::string BytesOf(const CipherRunPtr& run) {
  std::string bytes;
  if (run) {
    for (ByteView piece : run->pieces()) bytes += AsText(piece);
  }
  return bytes;
}

inline ObjectId TestObject(uint32_t number) { return {.fid = {.seq = 5 + number, .oid = number + 1}, .stripe = 3}; }

constexpr uint64_t kTestSession = 77;

// Chance for a power cut after which everything that was not stable is lost.
struct NothingSurvives final : Random {
  void Fill(MutableBytes out) override { std::fill(out.begin(), out.end(), 0); }
};

struct OssWorld {
  explicit OssWorld(ObjectServerOptions changed = {}) : OssWorld(NoStores(), std::move(changed)) { Renew(); }
  virtual ~OssWorld() { Shut(); }

  // All anew, with nothing stored.
  void Renew() {
    Shut();
    kv = std::make_unique<MemoryKv>(ObjectStoreFamilies());
    device = std::make_unique<MemoryDevice>(&queue);
    Boot();
  }
  void Boot(bool connect = true) {
    FatalHandler fatal = [this](const Status& status) { said_at_its_end = status; };
    if (ends_the_process) fatal = nullptr;
    server = std::make_unique<ObjectServer>(ObjectServer::Parts{queue, queue, queue.clock, Kv(), Device(), fatal}, options);
    const Status started = Run(server->Start(told_at_start));
    ASSERT_TRUE(started.ok()) << started.ToString();
    if (!connect) return;
    const auto connected = Connect(kTestSession);
    ASSERT_TRUE(connected.ok()) << connected.status().ToString();
    if (!connected->recovering()) return;
    ASSERT_TRUE(EndReplay(kTestSession).ok());
  }
  Result<v1::OssConnectReply> Connect(uint64_t session) {
    v1::OssConnectRequest request;
    *request.mutable_header() = Header(session);
    return Run(server->Connect(request));
  }
  v1::OssEndReplayRequest EndReplayOf(uint64_t session) {
    v1::OssEndReplayRequest request;
    *request.mutable_header() = Header(session);
    return request;
  }
  Status EndReplay(uint64_t session) { return Run(server->EndReplay(EndReplayOf(session))).status(); }
  void Shut() {
    if (!server) return;
    Run(server->Stop());
    queue.RunAll();
    server.reset();
  }
  // The machine loses power: what was not synced is lost or torn, and the server starts again on what is left.
  void Crash(Random& random, bool connect = true) {
    auto kv_left = kv->CrashedCopy(&random);
    auto device_left = device->CrashedCopy(random, &queue);
    Shut();  // of the world that is lost
    kv = std::move(kv_left);
    device = std::move(device_left);
    ++options.boot_count;
    Boot(connect);
  }
  void Restart() {
    Shut();
    ++options.boot_count;
    Boot();
  }

  template <typename T>
  struct Pending {
    std::optional<T> value;
  };
  template <typename T>
  std::shared_ptr<Pending<T>> Begin(Task<T> task) {
    auto pending = std::make_shared<Pending<T>>();
    Detach([](Task<T> owned, std::shared_ptr<Pending<T>> out) -> Task<void> {
      out->value.emplace(co_await std::move(owned));
    }(std::move(task), pending));
    return pending;
  }
  template <typename T>
  T Finish(const std::shared_ptr<Pending<T>>& pending) {
    while (!pending->value) {
      if (!queue.RunOne()) {
        ADD_FAILURE() << "nothing left to run, and no answer";
        std::abort();
      }
    }
    return std::move(*pending->value);
  }
  template <typename T>
  T Run(Task<T> task) {
    return Finish(Begin(std::move(task)));
  }
  void Run(Task<void> task) {
    (void)Run([](Task<void> owned) -> Task<bool> {
      co_await std::move(owned);
      co_return true;
    }(std::move(task)));
  }

  v1::RequestHeader Header(uint64_t session = kTestSession) {
    v1::RequestHeader header;
    header.set_protocol_version(kProtocolVersion);
    header.set_fsid(options.fsid);
    header.set_client_id(std::string(16, 'c'));
    header.set_session(session);
    header.set_xid(++xid);
    return header;
  }
  v1::WriteHeader WriteOf(const ObjectId& id, uint64_t page, const std::string& bytes, uint32_t size_diff = 0) {
    v1::WriteHeader header;
    *header.mutable_header() = Header();
    *header.mutable_object() = ToWire(id);
    header.set_encrypted(true);
    header.set_file_epoch(epoch);
    header.set_offset(page * kPageBytes);
    header.set_page_count(static_cast<uint32_t>(bytes.size() / kPageBytes));
    header.set_size_diff(size_diff);
    return header;
  }
  Result<v1::WriteReply> Write(const ObjectId& id, uint64_t page, const std::string& bytes, uint32_t size_diff = 0) {
    return Run(server->Write(WriteOf(id, page, bytes, size_diff), RunOf(bytes)));
  }
  v1::ReadRequest ReadOf(const ObjectId& id, uint64_t page, uint32_t count) {
    v1::ReadRequest request;
    *request.mutable_header() = Header();
    *request.mutable_object() = ToWire(id);
    request.set_first_page(page);
    request.set_page_count(count);
    request.set_file_epoch(epoch);
    return request;
  }
  Result<ObjectPages> Read(const ObjectId& id, uint64_t page, uint32_t count) {
    return Run(server->Read(ReadOf(id, page, count)));
  }
  v1::SetSizeRequest SetSizeOf(const ObjectId& id, uint64_t size, uint64_t new_epoch) {
    v1::SetSizeRequest request;
    *request.mutable_header() = Header(0);
    *request.mutable_object() = ToWire(id);
    request.set_size(size);
    request.set_file_epoch(new_epoch);
    request.set_encrypted(true);
    return request;
  }
  Result<v1::SetSizeReply> SetSize(const ObjectId& id, uint64_t size, uint64_t new_epoch) {
    return Run(server->SetSize(SetSizeOf(id, size, new_epoch)));
  }
  v1::PunchRequest PunchOf(const ObjectId& id, uint64_t page, uint64_t count, uint64_t new_epoch) {
    v1::PunchRequest request;
    *request.mutable_header() = Header(0);
    *request.mutable_object() = ToWire(id);
    request.set_first_page(page);
    request.set_page_count(count);
    request.set_file_epoch(new_epoch);
    request.set_encrypted(true);
    return request;
  }
  Status Destroy(const ObjectId& id) {
    v1::DestroyRequest request;
    *request.mutable_header() = Header(0);
    *request.add_objects() = ToWire(id);
    return Run(server->Destroy(request)).status();
  }
  v1::GlimpseReply::Item Glimpse(const ObjectId& id, uint64_t raise_epoch = 0) {
    v1::GlimpseRequest request;
    *request.mutable_header() = Header(0);
    auto* item = request.add_items();
    *item->mutable_object() = ToWire(id);
    item->set_raise_epoch(raise_epoch);
    request.set_commit(raise_epoch != 0);
    auto reply = Run(server->Glimpse(request));
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    return reply.ok() ? reply->items(0) : v1::GlimpseReply::Item();
  }
  Status Commit() {
    v1::CommitRequest request;
    *request.mutable_header() = Header(0);
    return Run(server->Commit(request)).status();
  }
  v1::OssPingReply Ping() {
    v1::OssPingRequest request;
    *request.mutable_header() = Header(0);
    request.set_with_operations(true);
    auto reply = Run(server->Ping(request));
    EXPECT_TRUE(reply.ok());
    return reply.ok() ? *reply : v1::OssPingReply();
  }

  // Has the power gone in the middle of something? Here it goes at Crash only.
  bool PowerGone() const { return false; }

  HandQueue queue;
  ObjectServerOptions options;
  SessionFences told_at_start;  // by MDT0000, to the next life
  std::unique_ptr<MemoryKv> kv;
  std::unique_ptr<MemoryDevice> device;
  std::unique_ptr<ObjectServer> server;
  Status said_at_its_end;  // a real process would be no more
  bool ends_the_process = false;  // from the next start on: this one too
  uint64_t xid = 0;
  uint64_t epoch = 1;

 protected:
  // For a world over other stores: it makes them, boots, and shuts before it drops them.
  struct NoStores {};
  OssWorld(NoStores, ObjectServerOptions changed) : options(std::move(changed)) {
    options.fsid = std::string(16, 'f');
    options.ost_index = 2;
    options.boot_count = 1;
  }
  virtual KvStore& Kv() { return *kv; }
  virtual ObjectDevice& Device() { return *device; }
};

}  // namespace nacre
