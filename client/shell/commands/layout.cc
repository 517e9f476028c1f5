// setstripe, getstripe, path2fid, fid2path: where files lie and what they are called inside.
#include <ostream>

#include "client/shell/app.h"
#include "client/shell/format.h"
#include "client/shell/per_path.h"
#include "client/shell/table.h"
#include "client/shell/walk.h"
#include "common/base/units.h"
#include "common/runtime/units_text.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

constexpr uint64_t kStripeUnit = 64 * kKiB;  // stripe sizes are multiples of it
constexpr uint32_t kAllOsts = 0xffffffff;

struct SetArguments {
  std::vector<std::string> paths;
  std::string stripe_size, mdt_size;
  std::string component;
  std::optional<int64_t> count, first_ost;
};

Result<LayoutWish> WishOf(const SetArguments& a) {
  LayoutWish wish;
  if (a.count.has_value()) {
    if (*a.count < -1 || *a.count > 65535) return Status(Code::kInvalid, "-c must be 1 to 65535, or -1 for all OSTs");
    wish.stripe_count = *a.count == -1 ? kAllOsts : static_cast<uint32_t>(*a.count);
  }
  if (!a.stripe_size.empty()) {
    const std::optional<uint64_t> size = ParseSize(a.stripe_size);
    if (!size.has_value() || *size % kStripeUnit != 0 || *size > 4 * kGiB) {
      return Status(Code::kInvalid, "-S must be a multiple of 64K up to 4G, not '" + a.stripe_size + "'");
    }
    wish.stripe_bytes = *size;
  }
  if (a.first_ost.has_value()) {
    if (*a.first_ost < -1 || *a.first_ost > 65535) return Status(Code::kInvalid, "-i must be an OST's index, or -1 for any");
    if (*a.first_ost >= 0) wish.first_ost = static_cast<uint32_t>(*a.first_ost);
  }
  return wish;
}

int RunSetstripe(CommandContext& context, const SetArguments& a) {
  if (!a.component.empty() || !a.mdt_size.empty()) return context.Usage("setstripe: -L mdt -E (data on the MDT) is not built yet");
  const Result<LayoutWish> wish = WishOf(a);
  if (!wish.ok()) return context.Usage("setstripe: " + wish.status().message());
  return ForEachPath(context, "set the layout of", a.paths, [&](Client& client, const std::string& path) { return client.SetLayout(path, *wish); });
}

void FillLayout(const LayoutInfo& layout, const std::string& path, FileKind kind, results::Layout* out) {
  out->set_path(path);
  out->set_kind(KindName(kind));
  out->set_stripe_count(layout.stripe_count == kAllOsts ? -1 : static_cast<int64_t>(layout.stripe_count));
  out->set_stripe_bytes(layout.stripe_bytes);
  for (uint32_t ost : layout.osts) out->add_osts(ost);
  out->set_generation(layout.generation);
  out->set_mirror(layout.mirror_id);
}

std::string LayoutText(const results::Layouts& message) {
  std::string out;
  for (const results::Layout& layout : message.layouts()) {
    out += (out.empty() ? "" : "\n") + Printable(layout.path()) + "\n";
    out += "  stripe count " + std::to_string(layout.stripe_count()) + ", stripe size " + FormatSize(layout.stripe_bytes());
    if (layout.kind() == "directory") {
      out += "  (default for new files)\n";
      continue;
    }
    out += ", generation " + std::to_string(layout.generation()) + ", mirror " + std::to_string(layout.mirror()) + "\n";
    for (int i = 0; i < layout.osts_size(); ++i) {
      out += "  stripe " + std::to_string(i) + " on ost" + std::to_string(layout.osts(i)) + "\n";
    }
  }
  return out;
}

int RunGetstripe(CommandContext& context, const std::vector<std::string>& paths, bool recursive) {
  results::Layouts message;
  const WalkOptions walk{.depth_max = recursive ? INT64_MAX : 0};
  auto show = [&](Client& client, const std::string& at, const FileInfo& info) -> Status {
    if (recursive && info.kind != FileKind::kRegular && info.kind != FileKind::kDirectory) return Status::Ok();
    const Result<LayoutInfo> layout = client.GetLayout(at);
    if (!layout.ok()) return layout.status();
    FillLayout(*layout, at, info.kind, message.add_layouts());
    return Status::Ok();
  };
  const int exit_code = ForEachBelow(context, "show the layout of", paths, walk, show);
  context.Answer(message, [&] { return LayoutText(message); });
  return exit_code;
}

int RunPath2fid(CommandContext& context, const std::vector<std::string>& paths) {
  results::Fids message;
  const int exit_code = ForEachPath(context, "find the FID of", paths, [&](Client& client, const std::string& path) -> Status {
    const Result<FileInfo> info = client.Stat(path);
    if (!info.ok()) return info.status();
    results::Fid* fid = message.add_fids();
    fid->set_path(path);
    fid->set_fid(info->fid);
    return Status::Ok();
  });
  context.Answer(message, [&] {
    std::string out;
    for (const results::Fid& fid : message.fids()) {
      out += (message.fids_size() > 1 ? Printable(fid.path()) + ": " : "") + fid.fid() + "\n";
    }
    return out;
  });
  return exit_code;
}

int RunFid2path(CommandContext& context, const std::vector<std::string>& fids) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("find the path of", "", client.status());
  results::Fids message;
  int exit_code = kExitOk;
  for (const std::string& fid : fids) {
    const Result<std::string> path = (*client)->PathOf(fid);
    if (!path.ok()) {
      const int code = context.Fail("find the path of", fid, path.status());
      if (exit_code == kExitOk) exit_code = code;
      continue;
    }
    results::Fid* found = message.add_fids();
    found->set_fid(fid);
    found->set_path(*path);
  }
  context.Answer(message, [&] {
    std::string out;
    for (const results::Fid& fid : message.fids()) out += fid.path() + "\n";
    return out;
  });
  return exit_code;
}

}  // namespace

void AddLayoutCommands(CommandTree& tree) {
  auto set = std::make_shared<SetArguments>();
  CLI::App* command = tree.Add("setstripe", "how new files are spread: of a directory, for files made below it; else of an empty file it makes",
                               "nacre setstripe -c 3 -S 1M /data\nnacre setstripe -c -1 /data/big\nnacre setstripe -c 1 -i 2 /data/on-ost2");
  command->add_option("-c,--stripe-count", set->count, "over how many OSTs (1; -1: all)")->type_name("N");
  command->add_option("-S,--stripe-size", set->stripe_size, "bytes on one OST before the next (1M)")->type_name("SIZE");
  command->add_option("-i,--stripe-index", set->first_ost, "the first OST")->type_name("OST");
  command->add_option("-L,--layout", set->component, "not built yet")->group("");
  command->add_option("-E,--component-end", set->mdt_size, "not built yet")->group("");
  command->add_option("PATH", set->paths, "directories, or files to make")->required();
  tree.OnRun(command, [set](CommandContext& context) { return RunSetstripe(context, *set); });

  auto paths = std::make_shared<std::vector<std::string>>();
  auto recursive = std::make_shared<bool>(false);
  command = tree.Add("getstripe", "where a file's data lies, or a directory's default", "nacre getstripe /data/big\nnacre getstripe -r --json /data");
  command->add_option("PATH", *paths, "files or directories")->required();
  command->add_flag("-r,--recursive", *recursive, "all that is below as well");
  tree.OnRun(command, [paths, recursive](CommandContext& context) { return RunGetstripe(context, *paths, *recursive); });

  auto to_fid = std::make_shared<std::vector<std::string>>();
  command = tree.Add("path2fid", "the FID of a path", "nacre path2fid /vault/a");
  command->add_option("PATH", *to_fid, "files")->required();
  tree.OnRun(command, [to_fid](CommandContext& context) { return RunPath2fid(context, *to_fid); });

  auto to_path = std::make_shared<std::vector<std::string>>();
  command = tree.Add("fid2path", "a path of a FID; no-key names where keys are missing", "nacre fid2path [0x2:0x5:0x0]");
  command->add_option("FID", *to_path, "as path2fid shows them")->required();
  tree.OnRun(command, [to_path](CommandContext& context) { return RunFid2path(context, *to_path); });
}

}  // namespace nacre::shell
