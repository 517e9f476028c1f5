// fsck: the filesystem checked, and mended.
#include "client/shell/app.h"
#include "client/shell/progress.h"
#include "client/shell/table.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

void Fill(const FsckReport& report, results::Fsck* message) {
  for (const FsckFinding& finding : report.findings) {
    results::Finding* out = message->add_findings();
    out->set_kind(finding.kind);
    out->set_fid(finding.fid);
    out->set_path(finding.path);
    out->set_what(finding.what);
    out->set_state(finding.state == FsckFinding::State::kMended ? "mended" : "left");
    out->set_mendable(finding.mendable);
  }
  message->set_rows(report.rows);
  message->set_found(report.left + report.mended);
  message->set_mended(report.mended);
  message->set_left(report.left);
}

std::string Summary(const results::Fsck& message, bool repair) {
  std::string out = std::to_string(message.rows()) + " rows checked, ";
  if (message.found() == 0) return out + "nothing is wrong\n";
  out += std::to_string(message.found()) + " findings";
  if (!repair) return out + "; nacre fsck --repair mends what can be mended\n";
  return out + ", " + std::to_string(message.mended()) + " mended, " + std::to_string(message.left()) + " left\n";
}

std::string Text(const results::Fsck& message, bool repair) {
  std::string out;
  if (message.findings_size() > 0) out = ToTable(message, "findings", {"kind", "fid", "path", "state", "what"});
  const uint64_t told = static_cast<uint64_t>(message.findings_size());
  if (told < message.found()) out += "... and " + std::to_string(message.found() - told) + " more\n";
  return out + Summary(message, repair);
}

int RunFsck(CommandContext& context, bool repair) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("check the filesystem", "", client.status());
  Result<FsckReport> report = FsckReport();
  {
    Progress progress(context, "checking");
    FsckOptions options;
    options.repair = repair;
    options.progress = [&progress](const std::string& what, uint64_t rows) {
      progress.Say(what + ", " + std::to_string(rows) + " rows");
    };
    report = (*client)->Fsck(options);
  }
  if (!report.ok()) return context.Fail("check the filesystem", "", report.status());
  results::Fsck message;
  Fill(*report, &message);
  const int exit_code = context.Answer(message, [&] { return Text(message, repair); });
  return exit_code == kExitOk && message.left() > 0 ? kExitFsckErrors : exit_code;
}

}  // namespace

void AddFsckCommands(CommandTree& tree) {
  auto repair = std::make_shared<bool>(false);
  CLI::App* command = tree.Add(
      "fsck",
      "check the whole filesystem while it is in use; exit 26 if something is wrong (root, and the owner of / only)",
      "nacre fsck\nnacre fsck --json\nnacre fsck --repair");
  command->add_flag("--repair", *repair, "mend what can be mended; what no directory leads to goes to /lost+found");
  tree.OnRun(command, [repair](CommandContext& context) { return RunFsck(context, *repair); });
}

}  // namespace nacre::shell
