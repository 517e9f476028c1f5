// df, status, ping, stats: how the cluster is.
#include <algorithm>
#include <map>
#include <ostream>

#include "client/shell/app.h"
#include "client/shell/table.h"
#include "common/runtime/units_text.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

void FillTarget(const TargetInfo& target, results::Target* out) {
  out->set_target(target.name);
  out->set_address(target.address);
  out->set_state(target.up ? "up" : "down");
  out->set_capacity_bytes(target.capacity_bytes);
  out->set_used_bytes(target.used_bytes);
  out->set_free_bytes(target.free_bytes);
  out->set_objects(target.objects);
  out->set_boot_count(target.boot_count);
  out->set_silent_ms(static_cast<uint64_t>(std::max<int64_t>(target.silent_ms, 0)));
}

int RunDf(CommandContext& context, bool inodes) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("show the space", "", client.status());
  const Result<SpaceInfo> space = (*client)->Space();
  if (!space.ok()) return context.Fail("show the space", "", space.status());
  results::Space message;
  message.set_capacity_bytes(space->capacity_bytes);
  message.set_free_bytes(space->free_bytes);
  message.set_inodes_used(space->inodes_used);
  message.set_inodes_free(space->inodes_free);
  for (const TargetInfo& target : space->targets) FillTarget(target, message.add_targets());
  return context.Answer(message, [&] {
    if (inodes) {
      return "INODES USED " + std::to_string(message.inodes_used()) + "   FREE " + std::to_string(message.inodes_free()) + "\n";
    }
    return ToTable(message, "targets", {"target", "state", "capacity_bytes", "used_bytes", "free_bytes", "objects"}) + "all    " +
           FormatSize(message.free_bytes()) + " free of " + FormatSize(message.capacity_bytes()) + "\n" +
           (message.inodes_free() > 0 ? "" : "The metadata server has no room for more inodes.\n");
  });
}

int RunStatus(CommandContext& context) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("show the status", "", client.status());
  const Result<SpaceInfo> space = (*client)->Space();
  if (!space.ok()) return context.Fail("show the status", "", space.status());
  results::ClusterStatus message;
  message.set_fsid((*client)->Fsid());
  message.set_mds(context.holder().mds_address);
  const bool all_up = std::all_of(space->targets.begin(), space->targets.end(), [](const TargetInfo& t) { return t.up; });
  message.set_state(all_up ? "up" : "degraded");
  message.set_capacity_bytes(space->capacity_bytes);
  message.set_free_bytes(space->free_bytes);
  message.set_inodes_used(space->inodes_used);
  const Result<std::vector<KeyState>> keys = (*client)->Keys();
  message.set_keys_unlocked(keys.ok() ? static_cast<uint32_t>(keys->size()) : 0);
  for (const TargetInfo& target : space->targets) FillTarget(target, message.add_targets());
  return context.Answer(message, [&] {
    return "filesystem " + message.fsid() + " at " + message.mds() + ": " + message.state() + "\n" +
           FormatSize(message.free_bytes()) + " free of " + FormatSize(message.capacity_bytes()) + ", " +
           std::to_string(message.inodes_used()) + " inodes, " + std::to_string(message.keys_unlocked()) + " keys unlocked\n\n" +
           ToTable(message, "targets", {"target", "state", "address", "used_bytes", "free_bytes", "objects", "boot_count", "silent_ms"});
  });
}

int RunPing(CommandContext& context) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("reach the cluster", "", client.status());
  results::Pongs message;
  Status first;
  for (const PingResult& answer : (*client)->Ping()) {
    results::Pong* pong = message.add_servers();
    pong->set_server(answer.server);
    pong->set_address(answer.address);
    pong->set_state(!answer.status.ok() ? "down" : answer.clients_awaited > 0 ? "recovering" : "up");
    pong->set_clients_awaited(answer.clients_awaited);
    pong->set_awaited_for_ms(static_cast<uint64_t>(answer.awaited_for.count()));
    pong->set_round_trip_us(static_cast<uint64_t>(answer.round_trip.count()));
    if (!answer.status.ok()) pong->set_error(answer.status.ToString());
    if (first.ok()) first = answer.status.With(answer.server + " at " + answer.address);
  }
  context.AnswerTable(message, "servers", {"server", "address", "state", "round_trip_us"});
  return first.ok() ? kExitOk : context.Fail("reach every server", "", first);
}

void FillOperation(const OperationStats& stats, results::Operation* out) {
  out->set_operation(stats.operation);
  out->set_calls(stats.calls);
  out->set_errors(stats.errors);
  out->set_average_us(stats.calls == 0 ? 0 : stats.total_us / stats.calls);
  out->set_max_us(stats.max_us);
}

const std::vector<std::string> kOperationColumns{"operation", "calls", "errors", "average_us", "max_us"};

int RunServersStats(CommandContext& context, Client& client) {
  results::ServersStats message;
  Status first;
  for (const ServerStats& server : client.StatsOfServers()) {
    results::ServerCounts* counts = message.add_servers();
    counts->set_server(server.server);
    if (!server.status.ok()) counts->set_error(server.status.ToString());
    if (first.ok()) first = server.status.With(server.server);
    for (const OperationStats& operation : server.operations) {
      (*counts->mutable_rpcs())[operation.operation] = operation.calls;
      FillOperation(operation, counts->add_operations());
    }
    counts->mutable_counters()->insert(server.counters.begin(), server.counters.end());
  }
  context.Answer(message, [&] {
    std::string out;
    for (const results::ServerCounts& counts : message.servers()) {
      out += (out.empty() ? "" : "\n") + counts.server() + (counts.has_error() ? ": " + counts.error() : "") + "\n";
      for (const auto& [name, value] : std::map(counts.counters().begin(), counts.counters().end())) {
        out += "  " + name + " " + std::to_string(value) + "\n";
      }
      out += ToTable(counts, "operations", kOperationColumns);
    }
    return out;
  });
  return first.ok() ? kExitOk : context.Fail("ask every server", "", first);
}

int RunStats(CommandContext& context, bool servers) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("show statistics", "", client.status());
  if (servers) return RunServersStats(context, **client);
  results::SessionStats message;
  for (const OperationStats& operation : (*client)->Stats()) FillOperation(operation, message.add_operations());
  return context.AnswerTable(message, "operations", kOperationColumns);
}

}  // namespace

void AddClusterCommands(CommandTree& tree) {
  auto inodes = std::make_shared<bool>(false);
  CLI::App* command = tree.Add("df", "space, by target", "nacre df\nnacre df -i");
  command->add_flag("-i,--inodes", *inodes, "inodes instead of bytes");
  tree.OnRun(command, [inodes](CommandContext& context) { return RunDf(context, *inodes); });

  command = tree.Add("status", "the cluster on one screen", "nacre status");
  tree.OnRun(command, RunStatus);

  command = tree.Add("ping", "whether every server answers, and how fast", "nacre ping");
  tree.OnRun(command, RunPing);

  auto servers = std::make_shared<bool>(false);
  command = tree.Add("stats", "RPC counts and latencies of this session (in the shell), or each server's own counts", "nacre stats --servers --json");
  command->add_flag("--servers", *servers, "each server's own counts");
  tree.OnRun(command, [servers](CommandContext& context) { return RunStats(context, *servers); });
}

}  // namespace nacre::shell
