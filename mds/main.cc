// nacre-mds: one metadata target. Wiring only, innermost first: it reads like the stack.
#include <sys/statvfs.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/kv/rocksdb_kv.h"
#include "common/rpc/grpc_server.h"
#include "common/runtime/identity_file.h"
#include "common/runtime/log.h"
#include "common/runtime/open_files.h"
#include "common/runtime/server_process.h"
#include "common/runtime/signals.h"
#include "common/runtime/thread_pool.h"
#include "mds/core/format.h"
#include "mds/core/key_schema.h"
#include "mds/core/metadata_server.h"
#include "mds/grpc/metadata_service.h"
#include "mds/grpc/ost_channels.h"

namespace nacre {
namespace {

// Syncs of the log, and timers: one thread syncs while the other fires.
constexpr size_t kIoThreads = 2;
// As long as an OST may take to commit the most it keeps uncommitted (256 MiB) to a slow disk. One that answers later finds
// its order repeated, which changes nothing; one that hangs does not keep this server from its end.
constexpr Duration kOrderTimeout = std::chrono::seconds(20);

// From the first call to the last. The core runs before and after.
Status ServeCalls(MetadataServer& server, const ServerOptions& options, const MdsOptions& mds) {
  MetadataService service(server, mds.boot_count);
  Result<std::unique_ptr<GrpcServer>> grpc = GrpcServer::Start(options.listen, service);
  if (!grpc.ok()) return grpc.status();
  spdlog::info("ready: MDT{:04} serves on {}, boot {}", mds.mdt_index, options.listen, mds.boot_count);

  const int signal = WaitForStopSignal();
  spdlog::info("stopping on signal {}", signal);
  SyncWait(server.BeginStop());
  (*grpc)->Stop();
  return Status::Ok();
}

std::optional<uint64_t> FreeBytesAt(const std::string& path) {
  struct statvfs space {};
  if (statvfs(path.c_str(), &space) != 0) return std::nullopt;
  return uint64_t{space.f_bavail} * space.f_frsize;
}

struct MdtOptions {
  int64_t index = 0;
  Duration commit_interval = std::chrono::seconds(1);
  Duration recovery_window = std::chrono::seconds(30);
  Duration session_timeout = std::chrono::seconds(60);
  uint64_t reserve_bytes = MdsOptions().reserve_bytes;
};

constexpr Duration kSessionTimeoutMin = std::chrono::seconds(2);  // two ticks find a client silent

Status Serve(const ServerOptions& options, const MdtOptions& mdt) {
  const int64_t index = mdt.index;
  if (mdt.session_timeout < kSessionTimeoutMin) {
    return Status(Code::kInvalid, "session_timeout is below 2s: every client would be evicted between two signs of life");
  }
  NACRE_RETURN_IF_ERROR(StartLog("mdt" + std::to_string(index), options.log_level));
  WarnIfFewOpenFiles();
  NACRE_RETURN_IF_ERROR(CheckListenAddress(options.listen, options.insecure));
  SystemClock clock;
  SystemRandom random;

  Result<IdentityFile> identity = IdentityFile::Take(options.data_dir, "mdt", static_cast<uint32_t>(index), random);
  if (!identity.ok()) return identity.status();
  Result<std::unique_ptr<KvStore>> kv = OpenRocksKv(options.data_dir + "/db", MdsFamilies(), RocksKvOptions());
  if (!kv.ok()) return kv.status();
  Result<bool> formatted = IsFormatted(**kv);
  if (!formatted.ok()) return formatted.status();
  if (!*formatted) {
    Result<std::string> fsid = FormatMds(**kv, identity->identity().fsid, random, clock);
    if (!fsid.ok()) return fsid.status();
    spdlog::info("made filesystem {}", ToHex(AsBytes(*fsid)));
  }

  ThreadPool relief(1);  // of the loops that serve, when the strand does not become empty
  Strand strand(&relief);
  ThreadPool io(kIoThreads);
  CompletionLoop loop;  // of what this server asks others
  OstChannels osts(RpcOptions{.loop = &loop, .timeout = kOrderTimeout});
  MdsOptions mds;
  mds.mdt_index = static_cast<uint32_t>(index);
  mds.boot_count = identity->identity().boot_count;
  mds.commit_interval = mdt.commit_interval;
  mds.recovery_window = mdt.recovery_window;
  mds.session_silent_max = mdt.session_timeout;
  mds.reserve_bytes = mdt.reserve_bytes;
  mds.free_bytes = [&options] { return FreeBytesAt(options.data_dir + "/db"); };
  mds.fatal = EndProcess;
  mds.notice = [](const Status& status) { spdlog::warn("{}", status.ToString()); };
  mds.progress = [](const std::string& what) { spdlog::info("{}", what); };
  const MdsSeams seams{.kv = **kv, .strand = strand, .io = io, .timers = io, .clock = clock, .random = random, .osts = osts};
  MetadataServer server(mds, seams);
  // Whatever ends it: what the core began must have ended before the core goes.
  Status status = SyncWait(server.Start());
  if (status.ok()) status = identity->AdoptFsid(server.fsid());
  if (status.ok()) status = ServeCalls(server, options, mds);
  SyncWait(server.Stop());
  return status;
}

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
  nacre::ServerOptions options{.data_dir = "/var/lib/nacre/mdt0", .listen = "127.0.0.1:7001"};
  nacre::MdtOptions mdt;
  return nacre::RunServer(argc, argv,
                          {.name = "nacre-mds",
                           .purpose = "a Nacre metadata server",
                           .read_options =
                               [&](nacre::Config& config) {
                                 nacre::GetServerOptions(config, &options);
                                 config.GetInt("index", &mdt.index, 0, 0, "which MDT this is; only 0 until there can be several");
                                 config.GetDuration("commit_interval", &mdt.commit_interval,
                                                    "the longest a change waits to become stable; 0: before it is answered");
                                 config.GetDuration("recovery_window", &mdt.recovery_window,
                                                    "how long a restarted server waits for clients to come back");
                                 config.GetDuration("session_timeout", &mdt.session_timeout,
                                                    "how long a client may be silent before it is evicted");
                                 config.GetSize("reserve", &mdt.reserve_bytes,
                                                "left free on the disk: with less nothing new is made, only removed and changed");
                               },
                           .run = [&] { return nacre::Serve(options, mdt); }});
}
