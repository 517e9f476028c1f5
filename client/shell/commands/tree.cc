// mkdir, rm, rmdir, ln, readlink: the shape of the tree.
#include <sys/stat.h>

#include <functional>

#include "client/shell/app.h"
#include "client/shell/per_path.h"
#include "client/shell/symbolic_mode.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

uint32_t CurrentUmask() {
  const mode_t mask = umask(0);
  umask(mask);
  return mask;
}

struct MkdirArguments {
  std::vector<std::string> paths;
  std::string mode;
  bool parents = false;
};

int RunMkdir(CommandContext& context, const MkdirArguments& a) {
  const uint32_t usual = 0777 & ~CurrentUmask();
  const std::optional<uint32_t> mode = a.mode.empty() ? usual : ApplyMode(a.mode, 0777, true, CurrentUmask());
  if (!mode.has_value()) return context.Usage("mkdir: '" + a.mode + "' is no mode such as 755 or u=rwx,go=");
  return ForEachPath(context, "make", a.paths, [&](Client& client, const std::string& path) -> Status {
    if (path == "/") return a.parents ? Status::Ok() : Status(Code::kExists, "the root is always there");
    return client.MakeDirectory(path, *mode, a.parents);
  });
}

struct RmArguments {
  std::vector<std::string> paths;
  bool recursive = false, force = false;
};

// As rm(1) and rmdir(1): what is meant by such a name is seldom what it would remove.
Status CheckRemovable(const std::string& given) {
  return EndsInDots(given) ? Status(Code::kInvalid, "a directory is not removed by '.' or '..'") : Status::Ok();
}

int RemoveEach(CommandContext& context, const std::vector<std::string>& paths,
               const std::function<Status(Client&, const std::string& path)>& remove) {
  // Before anything is removed.
  for (const std::string& given : paths) {
    const Status status = CheckRemovable(given);
    if (!status.ok()) return context.Fail("remove", given, status);
  }
  return ForEachPath(context, "remove", paths, remove);
}

Status RemoveOne(Client& client, std::string path, const RmArguments& a) {
  if (path == "/") return Status(Code::kNotPermitted, "the root stays");
  Status status;
  if (path.ends_with('/')) {
    // Not what a symlink leads to, and no file.
    path.pop_back();
    const Result<FileInfo> info = client.Stat(path);
    status = info.status();
    if (info.ok() && info->kind != FileKind::kDirectory) return Status(Code::kNotDirectory, "its name ends in '/'");
    if (!status.ok()) return a.force && status.code() == Code::kNotFound ? Status::Ok() : status;
  }
  if (!a.recursive) {
    status = client.Unlink(path);
  } else {
    status = client.RemoveTree(path);
    if (status.code() == Code::kNotDirectory) status = client.Unlink(path);
  }
  return a.force && status.code() == Code::kNotFound ? Status::Ok() : status;
}

struct LnArguments {
  std::string target, link;
  bool symbolic = false, force = false;
};

int RunLn(CommandContext& context, const LnArguments& a) {
  return ForEachPath(context, "link", {a.link}, [&](Client& client, const std::string& given) -> Status {
    std::string link = given;
    const Result<FileInfo> there = client.Stat(link, Client::Follow::kYes);
    if (there.ok() && there->kind == FileKind::kDirectory) link = Join(link, BaseName(a.target));
    const auto make = [&]() -> Status {
      if (a.symbolic) return client.MakeSymlink(a.target, link);
      const Result<std::string> target = context.Path(a.target);
      return target.ok() ? client.Link(*target, link) : target.status();
    };
    const Status status = make();
    if (status.code() != Code::kExists || !a.force) return status;
    NACRE_RETURN_IF_ERROR(client.Unlink(link));
    return make();
  });
}

int RunReadlink(CommandContext& context, const std::vector<std::string>& paths) {
  results::SymlinkTargets targets;
  const int exit_code = ForEachPath(context, "read the link", paths, [&](Client& client, const std::string& path) -> Status {
    const Result<FileInfo> info = client.Stat(path);
    if (!info.ok()) return info.status();
    if (info->kind != FileKind::kSymlink) return Status(Code::kInvalid, "not a symbolic link");
    results::SymlinkTarget* target = targets.add_symlinks();
    target->set_path(path);
    target->set_target(info->symlink_target);
    return Status::Ok();
  });
  if (targets.symlinks_size() == 0) return exit_code;
  context.Answer(targets, [&] {
    std::string lines;
    for (const results::SymlinkTarget& target : targets.symlinks()) lines += target.target() + "\n";
    return lines;
  });
  return exit_code;
}

}  // namespace

void AddTreeCommands(CommandTree& tree) {
  auto mkdir = std::make_shared<MkdirArguments>();
  CLI::App* command = tree.Add("mkdir", "make directories", "nacre mkdir /a\nnacre mkdir -p -m 750 /a/b/c");
  command->add_option("PATH", mkdir->paths, "directories")->required();
  command->add_flag("-p,--parents", mkdir->parents, "what is missing above as well; no error where it exists");
  command->add_option("-m,--mode", mkdir->mode, "as chmod takes it")->type_name("MODE");
  tree.OnRun(command, [mkdir](CommandContext& context) { return RunMkdir(context, *mkdir); });

  auto rm = std::make_shared<RmArguments>();
  command = tree.Add("rm", "remove files, or whole trees; works in locked directories too", "nacre rm /a\nnacre rm -r /vault/old");
  command->add_option("PATH", rm->paths, "what to remove")->required();
  command->add_flag("-r,-R,--recursive", rm->recursive, "directories with all that is below");
  command->add_flag("-f,--force", rm->force, "no error for what is not there");
  tree.OnRun(command, [rm](CommandContext& context) {
    return RemoveEach(context, rm->paths, [&](Client& client, const std::string& path) { return RemoveOne(client, path, *rm); });
  });

  auto rmdir_paths = std::make_shared<std::vector<std::string>>();
  command = tree.Add("rmdir", "remove empty directories", "nacre rmdir /a");
  command->add_option("PATH", *rmdir_paths, "directories")->required();
  tree.OnRun(command, [rmdir_paths](CommandContext& context) {
    return RemoveEach(context, *rmdir_paths, [](Client& client, const std::string& path) { return client.RemoveDirectory(path); });
  });

  auto ln = std::make_shared<LnArguments>();
  command = tree.Add("ln", "make hard or symbolic links", "nacre ln /a /b\nnacre ln -s ../shared/x /vault/x");
  command->add_option("TARGET", ln->target, "what the link names (of -s: any text)")->required();
  command->add_option("LINK", ln->link, "the new name")->required();
  command->add_flag("-s,--symbolic", ln->symbolic, "a symbolic link");
  command->add_flag("-f,--force", ln->force, "replace a file that is there");
  tree.OnRun(command, [ln](CommandContext& context) {
    if (!ln->symbolic) {
      const Result<std::string> target = context.Path(ln->target);
      if (!target.ok()) return context.Usage("ln: " + target.status().message());
    }
    return RunLn(context, *ln);
  });

  auto readlink_paths = std::make_shared<std::vector<std::string>>();
  command = tree.Add("readlink", "where symbolic links point", "nacre readlink /vault/x");
  command->add_option("PATH", *readlink_paths, "symbolic links")->required();
  tree.OnRun(command, [readlink_paths](CommandContext& context) { return RunReadlink(context, *readlink_paths); });
}

}  // namespace nacre::shell
