// ls, stat, find, du: looking at the tree.
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <ostream>

#include "client/shell/app.h"
#include "client/shell/format.h"
#include "client/shell/table.h"
#include "client/shell/walk.h"
#include "common/runtime/units_text.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

struct LsArguments {
  std::vector<std::string> paths;
  bool long_form = false, recursive = false, all = false;
};

class Ls {
 public:
  Ls(CommandContext& context, const LsArguments& arguments) : context_(context), arguments_(arguments) {}

  int Run() {
    const Result<Client*> client = context_.client();
    if (!client.ok()) return context_.Fail("list", "", client.status());
    client_ = *client;
    std::vector<std::string> given = arguments_.paths;
    if (given.empty()) given.push_back(context_.holder().cwd);
    several_ = given.size() > 1 || arguments_.recursive;
    int exit_code = kExitOk;
    for (const std::string& path : given) {
      const int code = ListOne(path);
      if (exit_code == kExitOk) exit_code = code;
    }
    context_.Answer(listing_, [] { return std::string(); });  // as text it was told already
    return exit_code;
  }

 private:
  int ListOne(const std::string& given) {
    const Result<std::string> path = context_.PathToName(given);
    if (!path.ok()) return context_.Usage("ls: " + path.status().message());
    // As ls(1): a symlink named on the line is followed, unless the long form shows the link itself.
    const Client::Follow follow = arguments_.long_form ? Client::Follow::kNo : Client::Follow::kYes;
    // A directory is the usual case, and asking for its entries right away walks the path once.
    const Result<std::vector<DirectoryEntry>> entries = ListAll(*client_, *path, follow);
    if (entries.ok()) return ShowDirectory(given, *path, *entries);
    Result<FileInfo> info = client_->Stat(*path, follow);
    if (!info.ok() && !arguments_.long_form) info = client_->Stat(*path);
    if (!info.ok()) return context_.Fail("list", given, info.status());
    if (info->kind == FileKind::kDirectory) return context_.Fail("list", given, entries.status());
    Show({DirectoryEntry{.name = given, .info = *info}}, ParentOf(*path));
    return kExitOk;
  }

  int ListDirectory(const std::string& shown, const std::string& path) {
    const Result<std::vector<DirectoryEntry>> entries = ListAll(*client_, path, Client::Follow::kNo);
    if (!entries.ok()) return context_.Fail("list", shown, entries.status());
    return ShowDirectory(shown, path, *entries);
  }

  int ShowDirectory(const std::string& shown, const std::string& path, const std::vector<DirectoryEntry>& entries) {
    if (several_ && !context_.options().json) {
      if (!first_) context_.out() << "\n";
      context_.out() << Raw(shown) << ":\n";
    }
    first_ = false;
    std::vector<DirectoryEntry> visible;
    for (const DirectoryEntry& entry : entries) {
      if (arguments_.all || !entry.name.starts_with(".")) visible.push_back(entry);
    }
    Show(visible, path);
    int exit_code = kExitOk;
    for (const DirectoryEntry& entry : visible) {
      if (entry.problem.ok()) continue;
      const int code = context_.Fail("look at", Join(shown, entry.name), entry.problem);
      if (exit_code == kExitOk) exit_code = code;
    }
    for (const DirectoryEntry& entry : visible) {
      if (!arguments_.recursive || !entry.problem.ok() || entry.info.kind != FileKind::kDirectory) continue;
      const int code = ListDirectory(Join(shown, entry.name), Join(path, entry.name));
      if (exit_code == kExitOk) exit_code = code;
    }
    return exit_code;
  }

  // Off a terminal the very bytes.
  std::string Raw(const std::string& name) { return context_.streams().out_is_terminal ? Printable(name) : name; }

  void Show(const std::vector<DirectoryEntry>& entries, const std::string& directory) {
    if (context_.options().json) {
      for (const DirectoryEntry& entry : entries) {
        const std::string path = CleanPath(directory, entry.name);
        if (entry.problem.ok()) {
          FillEntry(entry.info, path, BaseName(path), listing_.add_entries());
        } else {
          results::Entry* damaged = listing_.add_entries();
          damaged->set_path(path);
          damaged->set_name(entry.name);
          damaged->set_fid(entry.info.fid);
          damaged->set_problem(entry.problem.message());
        }
      }
    } else if (arguments_.long_form) {
      ShowLong(entries);
    } else if (context_.streams().out_is_terminal) {
      std::vector<std::string> names;
      for (const DirectoryEntry& entry : entries) names.push_back(Printable(entry.name));
      if (!names.empty()) context_.out() << InColumns(names, context_.streams().width);
    } else {
      for (const DirectoryEntry& entry : entries) context_.out() << entry.name << "\n";
    }
  }

  void ShowLong(const std::vector<DirectoryEntry>& entries) {
    size_t link_width = 0, user_width = 0, group_width = 0, size_width = 0;
    for (const DirectoryEntry& entry : entries) {
      if (!entry.problem.ok()) continue;
      link_width = std::max(link_width, std::to_string(entry.info.nlink).size());
      user_width = std::max(user_width, User(entry.info.uid).size());
      group_width = std::max(group_width, Group(entry.info.gid).size());
      size_width = std::max(size_width, std::to_string(entry.info.size).size());
    }
    auto right = [](const std::string& text, size_t width) { return std::string(width - text.size(), ' ') + text; };
    auto left = [](const std::string& text, size_t width) { return text + std::string(width - text.size(), ' '); };
    for (const DirectoryEntry& entry : entries) {
      if (!entry.problem.ok()) {
        context_.out() << "??????????  " << Raw(entry.name) << "\n";  // as ls(1)
        continue;
      }
      context_.out() << ModeString(entry.info) << (entry.info.locked ? "! " : entry.info.encrypted ? "* " : "  ")
                     << right(std::to_string(entry.info.nlink), link_width) << " " << left(User(entry.info.uid), user_width) << " "
                     << left(Group(entry.info.gid), group_width) << " " << right(std::to_string(entry.info.size), size_width) << " "
                     << ListTime(entry.info.mtime_ns) << " " << Raw(entry.name);
      if (entry.info.kind == FileKind::kSymlink) context_.out() << " -> " << Raw(entry.info.symlink_target);
      context_.out() << "\n";
    }
  }

  const std::string& User(uint32_t uid) {
    auto [at, added] = users_.try_emplace(uid);
    if (added) at->second = UserName(uid);
    return at->second;
  }
  const std::string& Group(uint32_t gid) {
    auto [at, added] = groups_.try_emplace(gid);
    if (added) at->second = GroupName(gid);
    return at->second;
  }

  CommandContext& context_;
  const LsArguments& arguments_;
  Client* client_ = nullptr;
  results::Listing listing_;
  std::map<uint32_t, std::string> users_, groups_;
  bool several_ = false, first_ = true;
};

std::string StatText(const results::Listing& listing) {
  std::string out;
  for (const results::Entry& entry : listing.entries()) {
    if (!out.empty()) out += "\n";
    out += "  Path: " + Printable(entry.path());
    if (entry.has_target()) out += " -> " + Printable(entry.target());
    out += "\n  Kind: " + entry.kind() + "    Size: " + std::to_string(entry.size()) + "    Blocks: " + std::to_string(entry.blocks());
    out += "\n   FID: " + entry.fid() + "    Links: " + std::to_string(entry.nlink());
    out += "\n  Mode: " + entry.mode() + "    Uid: " + std::to_string(entry.uid()) + " (" + UserName(entry.uid()) +
           ")    Gid: " + std::to_string(entry.gid()) + " (" + GroupName(entry.gid()) + ")";
    out += "\nAccess: " + entry.atime() + "\nModify: " + entry.mtime() + "\nChange: " + entry.ctime();
    out += std::string("\nCrypto: ") + (!entry.encrypted() ? "not encrypted" : entry.locked() ? "encrypted, locked" : "encrypted, unlocked") + "\n";
  }
  return out;
}

int RunStat(CommandContext& context, const std::vector<std::string>& paths, bool follow) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("stat", "", client.status());
  results::Listing listing;
  int exit_code = kExitOk;
  for (const std::string& given : paths) {
    const Result<std::string> path = context.Path(given), named = context.PathToName(given);
    if (!path.ok()) return context.Usage("stat: " + path.status().message());
    const Result<FileInfo> info = (*client)->Stat(*named, follow ? Client::Follow::kYes : Client::Follow::kNo);
    if (info.ok()) {
      FillEntry(*info, *path, BaseName(*path), listing.add_entries());
    } else {
      const int code = context.Fail("stat", given, info.status());
      if (exit_code == kExitOk) exit_code = code;
    }
  }
  context.Answer(listing, [&] { return StatText(listing); });
  return exit_code;
}

struct FindArguments {
  std::string path, kind;
  std::optional<std::string> name;
  int64_t depth_max = INT64_MAX;
};

int RunFind(CommandContext& context, const FindArguments& arguments) {
  static const std::map<std::string, FileKind> kKinds{{"f", FileKind::kRegular}, {"d", FileKind::kDirectory}, {"l", FileKind::kSymlink},
                                                      {"p", FileKind::kFifo},    {"s", FileKind::kSocket},    {"c", FileKind::kCharDevice},
                                                      {"b", FileKind::kBlockDevice}};
  const auto kind = kKinds.find(arguments.kind);
  if (!arguments.kind.empty() && kind == kKinds.end()) return context.Usage("find: --type must be one of f d l p s c b");
  const Result<std::string> path = context.Path(arguments.path);
  if (!path.ok()) return context.Usage("find: " + path.status().message());
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("search", arguments.path, client.status());
  results::Paths paths;
  bool found_start = false;
  const WalkOptions walk{.depth_max = arguments.depth_max};
  const int exit_code = Walk(context, "search", **client, *path, walk, [&](const std::string& at, const FileInfo& info, int64_t) {
    found_start = true;
    if (!arguments.kind.empty() && info.kind != kind->second) return Status::Ok();
    if (arguments.name.has_value() && fnmatch(arguments.name->c_str(), BaseName(at).c_str(), 0) != 0) return Status::Ok();
    if (context.options().json) {
      paths.add_paths(at);
    } else {
      context.out() << (context.streams().out_is_terminal ? Printable(at) : at) << "\n";
    }
    return Status::Ok();
  });
  if (found_start) context.Answer(paths, [] { return std::string(); });
  return exit_code;
}

int RunDu(CommandContext& context, const std::vector<std::string>& given, bool sum_only) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("add up", "", client.status());
  results::Usages usages;
  int exit_code = kExitOk;
  for (const std::string& start : given) {
    const Result<std::string> path = context.Path(start);
    if (!path.ok()) return context.Usage("du: " + path.status().message());
    struct Sum {
      uint64_t bytes = 0, files = 0;
    };
    std::map<std::string, Sum> sums;  // of directories whose end is not reached yet
    std::map<std::string, bool> counted;  // hard links count once
    const WalkOptions walk{.children_first = [](const FileInfo&) { return true; }};
    const int code = Walk(context, "add up", **client, *path, walk, [&](const std::string& at, const FileInfo& info, int64_t depth) {
      Sum sum = sums[at];
      sums.erase(at);
      if (info.nlink < 2 || info.kind == FileKind::kDirectory || counted.try_emplace(info.fid).second) {
        sum.bytes += info.blocks * 512;
        sum.files += info.kind == FileKind::kDirectory ? 0 : 1;
      }
      if (depth > 0) {
        Sum& parent = sums[ParentOf(at)];
        parent.bytes += sum.bytes;
        parent.files += sum.files;
      }
      if (depth == 0 || (!sum_only && info.kind == FileKind::kDirectory)) {
        results::Usage* usage = usages.add_usages();
        usage->set_path(at);
        usage->set_used_bytes(sum.bytes);
        usage->set_files(sum.files);
      }
      return Status::Ok();
    });
    if (exit_code == kExitOk) exit_code = code;
  }
  if (exit_code == kExitOk || usages.usages_size() > 0) context.AnswerTable(usages, "usages", {"used_bytes", "files", "path"});
  return exit_code;
}

}  // namespace

void AddListCommands(CommandTree& tree) {
  auto ls = std::make_shared<LsArguments>();
  CLI::App* command = tree.Add("ls", "list a directory", "nacre ls /\nnacre ls -l /vault\nnacre ls -lR --json /vault");
  command->add_option("PATH", ls->paths, "what to list (the root, in the shell the current directory)");
  command->add_flag("-l", ls->long_form, "modes, owners, sizes, times (UTC); * encrypted, ! locked");
  command->add_flag("-R,--recursive", ls->recursive, "what lies below as well");
  command->add_flag("-a,--all", ls->all, "names that begin with a dot as well");
  tree.OnRun(command, [ls](CommandContext& context) { return Ls(context, *ls).Run(); });

  auto stat_paths = std::make_shared<std::vector<std::string>>();
  auto stat_follow = std::make_shared<bool>(false);
  command = tree.Add("stat", "all attributes of files", "nacre stat /vault/a\nnacre stat --json /vault/a");
  command->add_option("PATH", *stat_paths, "what to look at")->required();
  command->add_flag("-L,--dereference", *stat_follow, "what a symlink points to instead of the link");
  tree.OnRun(command, [stat_paths, stat_follow](CommandContext& context) { return RunStat(context, *stat_paths, *stat_follow); });

  auto find = std::make_shared<FindArguments>();
  command = tree.Add("find", "paths below a directory", "nacre find /vault --name '*.txt' --type f");
  command->add_option("PATH", find->path, "where to begin")->required();
  command->add_option("--name", find->name, "only names that match this pattern")->type_name("PATTERN");
  command->add_option("--type", find->kind, "only this kind: f d l p s c b")->type_name("KIND");
  command->add_option("--maxdepth", find->depth_max, "how far down (0: only PATH)")->check(CLI::NonNegativeNumber)->type_name("N");
  tree.OnRun(command, [find](CommandContext& context) { return RunFind(context, *find); });

  auto du_paths = std::make_shared<std::vector<std::string>>();
  auto du_sum = std::make_shared<bool>(false);
  command = tree.Add("du", "space that trees take", "nacre du -s /vault");
  command->add_option("PATH", *du_paths, "trees to add up")->required();
  command->add_flag("-s,--summarize", *du_sum, "only one line for each PATH");
  tree.OnRun(command, [du_paths, du_sum](CommandContext& context) { return RunDu(context, *du_paths, *du_sum); });
}

}  // namespace nacre::shell
