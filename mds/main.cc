// nacre-mds: one metadata target. Wiring only, innermost first: it reads like the stack.
#include <memory>
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

Status Serve(const ServerOptions& options, int64_t index) {
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

  ThreadPool io(kIoThreads);
  CompletionLoop loop;  // of what this server asks others
  Strand strand;
  OstChannels osts(RpcOptions{.loop = &loop});
  MdsOptions mds;
  mds.mdt_index = static_cast<uint32_t>(index);
  mds.boot_count = identity->identity().boot_count;
  mds.fatal = EndProcess;
  mds.notice = [](const Status& status) { spdlog::warn("{}", status.ToString()); };
  const MdsSeams seams{.kv = **kv, .strand = strand, .io = io, .timers = io, .clock = clock, .random = random, .osts = osts};
  MetadataServer server(mds, seams);
  NACRE_RETURN_IF_ERROR(SyncWait(server.Start()));
  NACRE_RETURN_IF_ERROR(identity->AdoptFsid(server.fsid()));

  MetadataService service(server, mds.boot_count);
  Result<std::unique_ptr<GrpcServer>> grpc = GrpcServer::Start(options.listen, service);
  if (!grpc.ok()) return grpc.status();
  spdlog::info("ready: MDT{:04} serves on {}, boot {}", index, options.listen, mds.boot_count);

  const int signal = WaitForStopSignal();
  spdlog::info("stopping on signal {}", signal);
  SyncWait(server.BeginStop());
  (*grpc)->Stop();
  SyncWait(server.Stop());
  return Status::Ok();
}

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
  nacre::ServerOptions options{.data_dir = "/var/lib/nacre/mdt0", .listen = "127.0.0.1:7001"};
  int64_t index = 0;
  return nacre::RunServer(argc, argv,
                          {.name = "nacre-mds",
                           .purpose = "a Nacre metadata server",
                           .read_options =
                               [&](nacre::Config& config) {
                                 nacre::GetServerOptions(config, &options);
                                 config.GetInt("index", &index, 0, 0, "which MDT this is; only 0 until there can be several");
                               },
                           .run = [&] { return nacre::Serve(options, index); }});
}
