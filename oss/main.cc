// nacre-oss: one object storage target. Wiring only, innermost first: it reads like the stack.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "common/kv/rocksdb_kv.h"
#include "common/rpc/grpc_server.h"
#include "common/rpc/remote_mds.h"
#include "common/runtime/identity_file.h"
#include "common/runtime/log.h"
#include "common/runtime/open_files.h"
#include "common/runtime/server_process.h"
#include "common/runtime/signals.h"
#include "common/runtime/thread_pool.h"
#include "oss/announcer.h"
#include "oss/core/object_server.h"
#include "oss/core/rows.h"
#include "oss/grpc/object_service.h"
#include "oss/store/file_device.h"

namespace nacre {
namespace {

// Data moves on two threads while a third syncs and a fourth fires timers.
constexpr size_t kIoThreads = 4;
constexpr Duration kEnlistPause = std::chrono::milliseconds(200);

struct OssOptions {
  ServerOptions server{.data_dir = "/var/lib/nacre/ost0", .listen = "127.0.0.1:7101"};
  int64_t index = 0;
  std::string mds = "127.0.0.1:7001";
  uint64_t capacity = 0;
  Duration commit_interval = std::chrono::seconds(5);
  Duration tombstone_keep = std::chrono::hours(1);
  Duration recovery_window = std::chrono::seconds(30);
};

// MDT0000 tells a new data directory which filesystem it is part of, and every one which clients are not to be served any
// more: before that it is no use to anybody (DESIGN §5). nullopt: this process is to stop.
Result<std::optional<Announcer::Taken>> Enlist(Announcer& announcer, const std::string& fsid, ThreadPool& pool,
                                               const std::string& mds) {
  constexpr int kPatientFor = 10, kSaidEvery = 150;  // attempts
  for (int attempt = 1; !StopSignalIsPending(); ++attempt) {
    Result<Announcer::Taken> taken = SyncWait(announcer.Announce(fsid, nullptr));
    if (taken.ok()) return std::optional<Announcer::Taken>(*std::move(taken));
    if (Announcer::IsFinal(taken.code())) return taken.status().With("MDT0000 at " + mds + " refuses this target");
    if (attempt % kSaidEvery == kPatientFor) {
      spdlog::warn("waiting for MDT0000 at {}, which knows which clients may write here: {}", mds, taken.status().ToString());
    }
    SyncWait([](ThreadPool& on) -> Task<void> { co_await Sleep(on, on, kEnlistPause); }(pool));
  }
  return std::optional<Announcer::Taken>();
}

v1::Target TargetOf(const OssOptions& options, uint64_t boot_count) {
  v1::Target target;
  target.set_kind(v1::TARGET_OST);
  target.set_index(static_cast<uint32_t>(options.index));
  target.set_address(options.server.listen);
  target.set_boot_count(boot_count);
  return target;
}

ObjectServerOptions CoreOptions(const OssOptions& options, const Identity& identity) {
  ObjectServerOptions core;
  core.fsid = identity.fsid;
  core.ost_index = static_cast<uint32_t>(options.index);
  core.boot_count = identity.boot_count;
  core.capacity_bytes = options.capacity;
  core.commit.interval = options.commit_interval;
  core.tombstone_seconds =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(options.tombstone_keep).count());
  core.recovery_window = options.recovery_window;
  core.notice = [](const std::string& what) { spdlog::info("{}", what); };
  return core;
}

Status Serve(const OssOptions& options) {
  NACRE_RETURN_IF_ERROR(StartLog("ost" + std::to_string(options.index), options.server.log_level));
  WarnIfFewOpenFiles();
  NACRE_RETURN_IF_ERROR(CheckListenAddress(options.server.listen, options.server.insecure));
  SystemClock clock;
  SystemRandom random;
  const std::string& data_dir = options.server.data_dir;

  Result<IdentityFile> identity = IdentityFile::Take(data_dir, "ost", static_cast<uint32_t>(options.index), random);
  if (!identity.ok()) return identity.status();
  const uint64_t boot_count = identity->identity().boot_count;

  ThreadPool relief(1);  // of the loops that serve, when the strand does not become empty
  ThreadPool io(kIoThreads);
  CompletionLoop loop;  // of what this server asks others
  Announcer announcer(ConnectMds(options.mds, RpcOptions{.loop = &loop}), io, io, TargetOf(options, boot_count),
                      identity->identity().instance);
  const Result<std::optional<Announcer::Taken>> taken = Enlist(announcer, identity->identity().fsid, io, options.mds);
  if (!taken.ok()) return taken.status();
  if (!taken->has_value()) return Status::Ok();
  const SessionFences& fences = (*taken)->fences;
  if (identity->identity().fsid.empty()) NACRE_RETURN_IF_ERROR(identity->AdoptFsid((*taken)->fsid));

  Result<std::unique_ptr<KvStore>> kv = OpenRocksKv(data_dir + "/db", ObjectStoreFamilies(), RocksKvOptions());
  if (!kv.ok()) return kv.status();
  Result<std::unique_ptr<FileDevice>> device = FileDevice::Open(data_dir + "/objects");
  if (!device.ok()) return device.status();
  const ObjectServerOptions core = CoreOptions(options, identity->identity());
  const ObjectServer::Parts parts{.io = io,
                                  .timers = io,
                                  .clock = clock,
                                  .kv = **kv,
                                  .device = **device,
                                  .fatal = EndProcess,
                                  .relief = &relief};
  ObjectServer server(parts, core);
  NACRE_RETURN_IF_ERROR(SyncWait(server.Start(fences)));
  announcer.HasFenced(fences.evicted);

  ObjectService service(server, boot_count);
  Result<std::unique_ptr<GrpcServer>> grpc = GrpcServer::Start(options.server.listen, service);
  if (!grpc.ok()) {
    SyncWait(server.Stop());  // its housekeeping runs already
    return grpc.status();
  }
  Detach(announcer.Run(core.fsid, &server, [](const Status& status) { EndProcess(status.With("MDT0000 refuses this target")); }));
  spdlog::info("ready: OST{:04} serves on {}, boot {}", options.index, options.server.listen, boot_count);

  const int signal = WaitForStopSignal();
  spdlog::info("stopping on signal {}", signal);
  SyncWait(server.BeginStop());
  (*grpc)->Stop();
  SyncWait(server.Stop());
  spdlog::info("stopped: everything is stable");
  // The announcer knows no end; nothing it touches is worth waiting for.
  std::fflush(nullptr);
  std::_Exit(0);
}

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
  nacre::OssOptions options;
  return nacre::RunServer(
      argc, argv,
      {.name = "nacre-oss",
       .purpose = "a Nacre object storage server",
       .read_options =
           [&](nacre::Config& config) {
             nacre::GetServerOptions(config, &options.server);
             config.GetInt("index", &options.index, 0, 0xffff, "which OST this is");
             config.Get("mds", &options.mds, "HOST:PORT of MDT0000");
             config.GetSize("capacity", &options.capacity, "how much it may hold; 0: what the filesystem below has");
             config.GetDuration("commit_interval", &options.commit_interval, "the longest a write waits to become stable");
             config.GetDuration("recovery_window", &options.recovery_window,
                                "how long a restarted server waits for clients to replay what it had not committed");
             config.GetDuration("tombstone_keep", &options.tombstone_keep, "how long destroyed objects refuse late writes");
           },
       .run = [&] { return nacre::Serve(options); }});
}
