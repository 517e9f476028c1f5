// BlockingClient's life and what concerns the whole cluster.
#include "client/libnacre.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "client/agent/agent_keyring.h"
#include "client/core/memory_keyring.h"
#include "client/fsck/fsck.h"
#include "common/rpc/remote_mds.h"
#include "common/rpc/remote_oss.h"

namespace nacre {
namespace {

// Without changing it, even for a moment: other threads may be creating files.
uint32_t ReadUmask() {
  uint32_t mask = 022;
  FILE* status = std::fopen("/proc/self/status", "re");
  if (status == nullptr) return mask;
  char line[256];
  while (std::fgets(line, sizeof line, status) != nullptr) {
    if (std::strncmp(line, "Umask:", 6) == 0) mask = static_cast<uint32_t>(std::strtoul(line + 6, nullptr, 8));
  }
  std::fclose(status);
  return mask & 0777;
}

v1::Caller ThisProcess() {
  v1::Caller caller;
  caller.set_uid(geteuid());
  caller.set_gid(getegid());
  gid_t groups[NGROUPS_MAX < 65536 ? NGROUPS_MAX : 65536];
  const int count = getgroups(static_cast<int>(std::size(groups)), groups);
  for (int i = 0; i < count; ++i) caller.add_groups(groups[i]);
  return caller;
}

std::string TargetName(const v1::Target& target) {
  char name[16];
  std::snprintf(name, sizeof name, "%s%04x", target.kind() == v1::TARGET_MDT ? "MDT" : "OST", target.index());
  return name;
}

TargetInfo Describe(const v1::Target& target) {
  TargetInfo info;
  info.name = TargetName(target);
  info.address = target.address();
  info.up = target.state() == v1::TARGET_UP;
  info.capacity_bytes = target.capacity_bytes();
  info.used_bytes = target.used_bytes();
  info.free_bytes = target.free_bytes();
  info.objects = target.objects();
  info.boot_count = target.boot_count();
  info.silent_ms = target.silent_ms();
  return info;
}

std::map<std::string, uint64_t> CountersOf(const v1::MdsPingReply& reply) {
  return {{"inodes", reply.inodes()},
          {"sessions", reply.sessions()},
          {"sessions_evicted", reply.sessions_evicted()},
          {"evictions_unconfirmed", reply.evictions_unconfirmed()},
          {"objects_to_destroy", reply.objects_to_destroy()},
          {"replayed", reply.replayed()},
          {"replays_refused", reply.replays_refused()}};
}

std::map<std::string, uint64_t> CountersOf(const v1::OssPingReply& reply) {
  return {{"objects", reply.objects()},
          {"checksum_errors", reply.checksum_errors()},
          {"clients_missed", reply.clients_missed()},
          {"replayed", reply.replayed()},
          {"replays_refused", reply.replays_refused()}};
}

template <typename Rows>
std::vector<OperationStats> Describe(const Rows& rows) {
  std::vector<OperationStats> out;
  for (const v1::OperationCount& row : rows) {
    out.push_back({row.operation(), row.calls(), row.errors(), row.total_us(), row.max_us()});
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Connect(const ClientOptions& options) {
  return BlockingClient::Connect(options);
}

BlockingClient::BlockingClient(const ClientOptions& options)
    : umask_(ReadUmask()), counts_(std::make_shared<OperationCounts>()) {
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  // Local files are read and written on these threads too, so one more than there are cores keeps the ciphers busy.
  pool_ = std::make_unique<ThreadPool>(options.cipher_workers != 0 ? options.cipher_workers : cores + 1);
  if (options.use_agent) {
    keyring_ = std::make_unique<AgentKeyring>(options.agent_program);
  } else {
    keyring_ = std::make_unique<MemoryKeyring>();
  }
  loop_ = std::make_unique<CompletionLoop>();
  RpcOptions rpc;
  rpc.loop = loop_.get();
  rpc.timeout = options.wait_timeout;
  rpc.together = true;
  rpc.observer = [counts = counts_](std::string_view operation, Duration took, const Status& status) {
    counts->Record(operation, took, status.ok());
  };
  Environment environment;
  environment.mds = ConnectMds(options.mds_address, rpc);
  environment.mds_address = options.mds_address;
  environment.connect_oss = [rpc](const std::string& address) { return ConnectOss(address, rpc); };
  environment.pool = pool_.get();
  environment.timers = pool_.get();
  environment.clock = &clock_;
  environment.random = &random_;
  environment.keyring = keyring_.get();
  environment.caller = ThisProcess();
  environment.client_name = options.client_name;
  environment.notice = options.notice;
  environment.umask = umask_;
  environment.wait_timeout = options.wait_timeout;
  environment.uncommitted_bytes_max = std::max<uint64_t>(options.uncommitted_bytes_max, 4 * kMiB);
  core_ = std::make_unique<ClientCore>(std::move(environment));
}

Result<std::unique_ptr<Client>> BlockingClient::Connect(const ClientOptions& options) {
  if (options.mds_address.empty()) return Status(Code::kInvalid, "no address of a metadata server is given");
  std::unique_ptr<BlockingClient> client(new BlockingClient(options));
  NACRE_RETURN_IF_ERROR(SyncWait(client->core_->Start()));
  return std::unique_ptr<Client>(std::move(client));
}

BlockingClient::~BlockingClient() { static_cast<void>(Disconnect().ok()); }

Status BlockingClient::Disconnect() {
  std::lock_guard lock(end_mutex_);
  if (ended_) return Status::Ok();
  ended_ = true;
  return SyncWait(core_->End());
}

Status BlockingClient::Commit() { return SyncWait(core_->Commit()); }

std::string BlockingClient::Fsid() { return ToHex(AsBytes(core_->session().fsid())); }

Result<SpaceInfo> BlockingClient::Space() {
  v1::StatfsRequest request;
  const Result<v1::StatfsReply> reply =
      SyncWait(core_->session().Call(&MdsApi::Statfs, std::move(request), CallKind::kLook));
  if (!reply.ok()) return reply.status();
  SpaceInfo info;
  info.capacity_bytes = reply->capacity_bytes();
  info.free_bytes = reply->free_bytes();
  info.inodes_used = reply->inodes_used();
  info.inodes_free = reply->inodes_free();
  for (const v1::Target& target : reply->targets()) info.targets.push_back(Describe(target));
  return info;
}

std::vector<PingResult> BlockingClient::Ping() {
  std::vector<PingResult> results;
  const Environment& environment = core_->environment();
  const auto measure = [&](PingResult result, auto ping) {
    const MonotonicTime begin = clock_.Now();
    const auto reply = ping();
    result.status = reply.status();
    result.round_trip = std::chrono::duration_cast<std::chrono::microseconds>(clock_.Now() - begin);
    if (reply.ok()) {
      result.clients_awaited = reply->clients_awaited();
      result.awaited_for = std::chrono::milliseconds(reply->recovering_ms_left());
    }
    results.push_back(std::move(result));
  };
  measure({.server = "MDT0000", .address = environment.mds_address, .status = {}}, [&] {
    v1::MdsPingRequest request;
    *request.mutable_header() = core_->session().NewHeader(core_->session().number());
    return SyncWait(environment.mds->Ping(std::move(request)));
  });
  const v1::ClusterMap map = core_->session().Map();
  for (const v1::Target& target : map.targets()) {
    if (target.kind() != v1::TARGET_OST) continue;
    measure({.server = TargetName(target), .address = target.address(), .status = {}},
            [&] { return SyncWait(core_->osts().Get(target.index())->Ping(false)); });
  }
  return results;
}

Result<FsckReport> BlockingClient::Fsck(const FsckOptions& options) { return SyncWait(nacre::Fsck(*core_, options)); }

std::vector<OperationStats> BlockingClient::Stats() { return counts_->Snapshot(); }

std::vector<ServerStats> BlockingClient::StatsOfServers() {
  std::vector<ServerStats> all;
  v1::MdsPingRequest request;
  *request.mutable_header() = core_->session().NewHeader(core_->session().number());
  request.set_with_operations(true);
  const Result<v1::MdsPingReply> mds = SyncWait(core_->environment().mds->Ping(std::move(request)));
  ServerStats mdt{"MDT0000", mds.status(), {}, {}};
  if (mds.ok()) mdt.operations = Describe(mds->operations());
  if (mds.ok()) mdt.counters = CountersOf(*mds);
  all.push_back(std::move(mdt));
  const v1::ClusterMap map = core_->session().Map();
  for (const v1::Target& target : map.targets()) {
    if (target.kind() != v1::TARGET_OST) continue;
    const Result<v1::OssPingReply> reply = SyncWait(core_->osts().Get(target.index())->Ping(true));
    ServerStats ost{TargetName(target), reply.status(), {}, {}};
    if (reply.ok()) ost.operations = Describe(reply->operations());
    if (reply.ok()) ost.counters = CountersOf(*reply);
    all.push_back(std::move(ost));
  }
  return all;
}

}  // namespace nacre
