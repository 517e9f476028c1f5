// nacre dev: a cluster of real processes on this machine.
#include <ostream>

#include "client/agent/agent_keyring.h"
#include "client/dev/dev_cluster.h"
#include "client/shell/app.h"
#include "client/shell/client_config.h"
#include "common/runtime/units_text.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

struct DevArguments {
  std::string directory, target, ost_capacity;
  uint32_t mdts = 1;
  std::optional<uint32_t> osts;
  bool wipe = false;
};

constexpr uint32_t kOstsMax = 64;

// A target serves when it answers a ping; OSTs are known to clients once they registered with the MDT.
dev::Probe ProbeWithClient(CommandContext& context, const std::string& client_config) {
  return [&context, client_config](const std::vector<dev::Target>& targets) -> Result<std::string> {
    Result<ClientOptions> options = ReadClientConfig(client_config);
    if (!options.ok()) return options.status();
    options->wait_timeout = std::chrono::milliseconds(1000);
    options->use_agent = false;
    options->client_name = "nacre dev";
    Result<std::unique_ptr<Client>> client = context.holder().Connect(*options);
    if (!client.ok()) return client.status();
    const std::vector<PingResult> answers = (*client)->Ping();
    for (const dev::Target& target : targets) {
      Status status(Code::kUnavailable, target.name + " is not registered yet");
      for (const PingResult& answer : answers) {
        if (answer.address == target.address) status = answer.status;
      }
      if (!status.ok()) return status;
    }
    const std::string fsid = (*client)->Fsid();
    NACRE_RETURN_IF_ERROR((*client)->Disconnect());
    return fsid;
  };
}

dev::DevCluster ClusterOf(const DevArguments& arguments) {
  dev::DevOptions options{.osts = arguments.osts, .programs = OwnProgramDirectory()};
  return dev::DevCluster(arguments.directory, options);
}

results::DevStatus StatusMessage(const std::vector<dev::TargetState>& states) {
  results::DevStatus message;
  for (const dev::TargetState& state : states) {
    results::DevTarget* target = message.add_targets();
    target->set_name(state.target.name);
    target->set_pid(state.state == "up" ? state.target.process.pid : 0);
    target->set_address(state.target.address);
    target->set_state(state.state);
  }
  return message;
}

int ShowStatus(CommandContext& context, const DevArguments& arguments) {
  const Result<std::vector<dev::TargetState>> states = ClusterOf(arguments).States();
  if (!states.ok()) return context.Fail("show the cluster in", arguments.directory, states.status());
  return context.AnswerTable(StatusMessage(*states), "targets", {"name", "state", "pid", "address"});
}

int Up(CommandContext& context, const DevArguments& arguments) {
  if (arguments.mdts != 1) return context.Usage("dev up: --mdts " + std::to_string(arguments.mdts) + " does not work yet: one MDT");
  const uint32_t osts = arguments.osts.value_or(dev::kOstsOfNewCluster);
  if (osts < 1 || osts > kOstsMax) return context.Usage("dev up: --osts must be 1 to " + std::to_string(kOstsMax));
  dev::DevOptions options{.osts = arguments.osts, .programs = OwnProgramDirectory()};
  if (!arguments.ost_capacity.empty()) {
    const std::optional<uint64_t> capacity = ParseSize(arguments.ost_capacity);
    if (!capacity.has_value()) return context.Usage("dev up: '" + arguments.ost_capacity + "' is no size such as 512M");
    options.ost_capacity = *capacity;
  }
  if (context.options().wait_timeout.has_value()) options.patience = *context.options().wait_timeout;
  dev::DevCluster cluster(arguments.directory, options);
  const Status status = cluster.Up(ProbeWithClient(context, cluster.ClientConfig()));
  if (!status.ok()) return context.Fail("bring up the cluster in", arguments.directory, status);
  context.Note("the cluster is up; use it with --config " + cluster.ClientConfig() + " or NACRE_CONFIG=" + cluster.ClientConfig());
  return ShowStatus(context, arguments);
}

int Down(CommandContext& context, const DevArguments& arguments) {
  dev::DevCluster cluster = ClusterOf(arguments);
  const Result<dev::DevState> state = cluster.Load();
  if (!state.ok()) return context.Fail("take down the cluster in", arguments.directory, state.status());
  if (!state->fsid.empty()) {
    const Status dropped = AgentKeyring("").RemoveAll(state->fsid);
    if (!dropped.ok()) context.Note("the agent keeps the cluster's keys: " + dropped.message());
  }
  const Status status = cluster.Down(arguments.wipe);
  return status.ok() ? kExitOk : context.Fail("take down the cluster in", arguments.directory, status);
}

using OneTarget = std::function<Status(CommandContext&, const DevArguments&)>;

void AddForTarget(CommandTree& tree, CLI::App* dev, const std::string& verb, const std::string& does,
                  const OneTarget& action) {
  auto arguments = std::make_shared<DevArguments>();
  CLI::App* command = tree.Add(verb, does, "nacre dev " + verb + " /tmp/cluster ost1", dev);
  command->add_option("DIR", arguments->directory, "the cluster's directory")->required();
  command->add_option("TARGET", arguments->target, "mdt0, ost0, ost1 …")->required();
  tree.OnRun(command, [arguments, verb, action](CommandContext& context) {
    const Status status = action(context, *arguments);
    return status.ok() ? kExitOk : context.Fail(verb, arguments->target, status);
  });
}

Status StartTarget(CommandContext& context, const DevArguments& arguments) {
  dev::DevOptions options{.programs = OwnProgramDirectory()};
  if (context.options().wait_timeout.has_value()) options.patience = *context.options().wait_timeout;
  dev::DevCluster cluster(arguments.directory, options);
  return cluster.Start(arguments.target, ProbeWithClient(context, cluster.ClientConfig()));
}

}  // namespace

void AddDevCommands(CommandTree& tree) {
  CLI::App* dev = tree.Add("dev", "a cluster of real processes on this machine", "nacre dev up /tmp/cluster --osts 3");
  dev->require_subcommand(1);

  auto up_arguments = std::make_shared<DevArguments>();
  CLI::App* up = tree.Add("up", "start a cluster, or what of it does not run; waits until it is ready",
                          "nacre dev up /tmp/cluster\nnacre dev up /tmp/cluster --osts 4 --ost-capacity 512M", dev);
  up->add_option("DIR", up_arguments->directory, "where all of it lies: data, logs, configuration")->required();
  up->add_option("--mdts", up_arguments->mdts, "metadata targets (1)");
  up->add_option("--osts", up_arguments->osts, "object storage targets (2)");
  up->add_option("--ost-capacity", up_arguments->ost_capacity, "how much each OST takes (default: what the disk has)")->type_name("SIZE");
  tree.OnRun(up, [up_arguments](CommandContext& context) { return Up(context, *up_arguments); });

  auto status_arguments = std::make_shared<DevArguments>();
  CLI::App* status = tree.Add("status", "targets, pids, addresses, state", "nacre dev status /tmp/cluster --json", dev);
  status->add_option("DIR", status_arguments->directory, "the cluster's directory")->required();
  tree.OnRun(status, [status_arguments](CommandContext& context) { return ShowStatus(context, *status_arguments); });

  AddForTarget(tree, dev, "start", "start a target again at its address; waits until it serves", StartTarget);
  AddForTarget(tree, dev, "stop", "end a target in good order (SIGTERM), and wait for it",
               [](CommandContext&, const DevArguments& a) { return ClusterOf(a).Stop(a.target); });
  AddForTarget(tree, dev, "kill", "end a target at once (SIGKILL)",
               [](CommandContext&, const DevArguments& a) { return ClusterOf(a).Kill(a.target); });

  auto down_arguments = std::make_shared<DevArguments>();
  CLI::App* down = tree.Add("down", "stop all targets and drop the cluster's keys from the agent", "nacre dev down /tmp/cluster --wipe", dev);
  down->add_option("DIR", down_arguments->directory, "the cluster's directory")->required();
  down->add_flag("--wipe", down_arguments->wipe, "remove its data, logs and configuration too");
  tree.OnRun(down, [down_arguments](CommandContext& context) { return Down(context, *down_arguments); });
}

}  // namespace nacre::shell
