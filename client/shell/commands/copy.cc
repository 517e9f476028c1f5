// put, get, cp, mv: files into, out of and within the filesystem.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "client/shell/app.h"
#include "client/shell/progress.h"
#include "client/shell/stream.h"
#include "client/shell/table.h"
#include "common/base/units.h"
#include "common/runtime/units_text.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

struct CopyArguments {
  std::string from, to;
  bool recursive = false;
};

results::CopySummary Summarise(const CopyReport& report, std::chrono::steady_clock::duration took) {
  results::CopySummary summary;
  summary.set_files(report.files);
  summary.set_directories(report.directories);
  summary.set_symlinks(report.symlinks);
  summary.set_hard_links(report.hard_links);
  summary.set_bytes(report.bytes);
  summary.set_elapsed_us(static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  for (const auto& [path, status] : report.failures) {
    results::Failure* failure = summary.add_failures();
    failure->set_message(path + ": " + status.message());
    failure->set_code(std::string(CodeName(status.code())));
  }
  return summary;
}

// Silent when all went well, as cp is; --verbose and --json tell.
int Finish(CommandContext& context, const char* verb, const CopyReport& report, std::chrono::steady_clock::duration took) {
  const results::CopySummary summary = Summarise(report, took);
  int exit_code = kExitOk;
  for (const auto& [path, status] : report.failures) {
    const int code = context.Fail(verb, path, status);
    exit_code = exit_code == kExitOk || exit_code == code ? code : kExitPartial;
  }
  const bool something_done = report.files + report.directories + report.symlinks + report.hard_links > 0;
  if (exit_code != kExitOk && something_done) exit_code = kExitPartial;
  if (context.options().json || context.options().verbose > 0) {
    context.Answer(summary, [&] {
      return std::to_string(summary.files()) + " files, " + std::to_string(summary.directories()) + " directories, " +
             std::to_string(summary.symlinks()) + " symlinks, " + std::to_string(summary.hard_links()) + " hard links, " +
             FormatSize(summary.bytes()) + " in " + FormatDuration(std::chrono::microseconds(summary.elapsed_us())) + "\n";
    });
  }
  return exit_code;
}

using CopyCall = std::function<Result<CopyReport>(Client&, const CopyOptions&)>;

int Copy(CommandContext& context, const char* verb, const std::string& object, bool recursive, const CopyCall& call) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail(verb, object, client.status());
  Progress progress(context, verb);
  CopyOptions options{.recursive = recursive};
  options.progress = [&progress](uint64_t bytes, uint64_t files) { progress.Update(bytes, files); };
  const auto begin = std::chrono::steady_clock::now();
  const Result<CopyReport> report = call(**client, options);
  const auto took = std::chrono::steady_clock::now() - begin;
  if (!report.ok()) return context.Fail(verb, object, report.status());
  return Finish(context, verb, *report, took);
}

// A fifo or a device of this machine has no offsets to write at and keeps its own attributes: its bytes stream, as with cp.
bool IsStream(const std::string& local) {
  struct stat there;
  return stat(local.c_str(), &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
}

int PutStream(CommandContext& context, std::istream& in, const std::string& given, const std::string& path) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("put", given, client.status());
  const Result<std::unique_ptr<File>> file = (*client)->Open(path, {.write = true, .create = true, .truncate = true});
  if (!file.ok()) return context.Fail("put", given, file.status());
  Status status = StreamIn(in, **file, 0);
  const Status closed = (*file)->Close();
  if (status.ok()) status = closed;
  return status.ok() ? kExitOk : context.Fail("put", given, status);
}

int GetStream(CommandContext& context, const std::string& given, const std::string& path, std::ostream& out) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("get", given, client.status());
  context.AnswersRaw();
  const Result<std::unique_ptr<File>> file = (*client)->Open(path, {});
  if (!file.ok()) return context.Fail("get", given, file.status());
  const uint64_t size = (*file)->Info().size;  // as of the open: asking beyond it would ask the server once more
  Status status = StreamOut(**file, 0, size, out);
  if (status.ok() && !out.flush()) status = Status(Code::kIo, "the output takes no more");
  const Status closed = (*file)->Close();
  if (status.ok()) status = closed;
  return status.ok() ? kExitOk : context.Fail("get", given, status);
}

int RunPut(CommandContext& context, const CopyArguments& a) {
  const Result<std::string> path = context.PathToName(a.to);
  if (!path.ok()) return context.Usage("put: " + path.status().message());
  if (a.from == "-" && a.recursive) return context.Usage("put: -r and standard input do not go together");
  if (a.from == "-") return PutStream(context, context.streams().in, a.to, *path);
  if (!a.recursive && IsStream(a.from)) {
    std::ifstream in(a.from, std::ios::binary);
    if (!in) return context.Fail("put", a.from, ErrnoStatus(errno, "opening it"));
    return PutStream(context, in, a.to, *path);
  }
  return Copy(context, "put", a.from, a.recursive,
              [&](Client& client, const CopyOptions& options) { return client.Put(a.from, *path, options); });
}

// Of "DIR/." the children are copied, not DIR itself: as cp -a has it.
Result<std::string> CopySource(CommandContext& context, const std::string& given) {
  Result<std::string> path = context.PathToName(given);
  if (path.ok() && EndsInDots(given)) *path += ".";
  return path;
}

int RunGet(CommandContext& context, const CopyArguments& a) {
  const Result<std::string> path = CopySource(context, a.from);
  if (!path.ok()) return context.Usage("get: " + path.status().message());
  if (a.to == "-" && a.recursive) return context.Usage("get: -r and standard output do not go together");
  if (a.to == "-") return GetStream(context, a.from, *path, context.out());
  if (!a.recursive && IsStream(a.to)) {
    std::ofstream out(a.to, std::ios::binary);
    if (!out) return context.Fail("get", a.to, ErrnoStatus(errno, "opening it"));
    return GetStream(context, a.from, *path, out);
  }
  return Copy(context, "get", a.from, a.recursive,
              [&](Client& client, const CopyOptions& options) { return client.Get(*path, a.to, options); });
}

struct ManyArguments {
  std::vector<std::string> paths;  // the last is the target
  bool recursive = false, no_clobber = false;
};

enum class Into {
  kNamed,      // the target with the source's name behind it
  kDirectory,  // the target itself: whoever copies finds out what it is, and puts the copy into it
};

std::string Bare(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// Where each source goes when the target is a directory. kNotDirectory: several sources, no directory.
Result<std::vector<std::pair<std::string, std::string>>> Pairs(CommandContext& context, Client& client, const ManyArguments& a,
                                                               Into how) {
  std::vector<std::string> clean;
  for (size_t i = 0; i + 1 < a.paths.size(); ++i) {
    Result<std::string> path = how == Into::kNamed ? context.PathToName(a.paths[i]) : CopySource(context, a.paths[i]);
    if (!path.ok()) return path.status();
    if (how == Into::kNamed && EndsInDots(a.paths[i])) {
      return Status(Code::kBusy, "'" + a.paths[i] + "': a directory is not moved by '.' or '..'");
    }
    clean.push_back(*path);
  }
  const Result<std::string> last = context.PathToName(a.paths.back());
  if (!last.ok()) return last.status();
  const std::string& target = *last;
  const Result<FileInfo> info = client.Stat(target, Client::Follow::kYes);
  if (!info.ok() && info.code() != Code::kNotFound) return info.status();
  const bool into = info.ok() && info->kind == FileKind::kDirectory;
  if (!into && clean.size() > 1) return Status(Code::kNotDirectory, "the target is not a directory");
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& from : clean) pairs.emplace_back(from, into && how == Into::kNamed ? Join(target, BaseName(from)) : target);
  return pairs;
}

int ForEachPair(CommandContext& context, const char* verb, const ManyArguments& a, Into how,
                const std::function<int(Client&, const std::string& from, const std::string& to)>& action) {
  if (a.paths.size() < 2) return context.Usage(std::string(verb) + ": the target is missing");
  for (const std::string& given : a.paths) {
    const Result<std::string> path = context.Path(given);
    if (!path.ok()) return context.Usage(std::string(verb) + ": " + path.status().message());
  }
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail(verb, a.paths[0], client.status());
  const auto pairs = Pairs(context, **client, a, how);
  if (!pairs.ok()) return context.Fail(verb, a.paths.back(), pairs.status());
  int exit_code = kExitOk;
  for (const auto& [from, to] : *pairs) {
    const int code = action(**client, from, to);
    if (exit_code == kExitOk) exit_code = code;
  }
  return exit_code;
}

// Into a directory of another policy the files must be encrypted anew: copy, make stable, remove, as mv(1) does between
// filesystems. The copy is made beside the target and takes its place by a rename when it is whole and stable: until then
// what the target held is still there, and nothing is removed unless all of it was copied.
int MoveByCopy(CommandContext& context, Client& client, const std::string& from, const std::string& to) {
  const std::string aside = Join(ParentOf(to), ".nacre-move-" + std::to_string(getpid()));
  // Left over from a move that was killed, perhaps; a copy would go into it.
  if (client.Stat(aside).ok()) return context.Fail("move", from, Status(Code::kExists, aside + " is in the way, remove it"));
  int code = Copy(context, "move", from, true, [&](Client& c, const CopyOptions& options) { return c.Copy(from, aside, options); });
  if (code == kExitOk) {
    Status placed = client.Commit();
    if (placed.ok()) placed = client.Rename(aside, to);
    if (!placed.ok()) code = context.Fail("move", from, placed);
  }
  if (code != kExitOk) {
    (void)client.RemoveTree(aside);  // the error that counts has been told
    return code;
  }
  const Status removed = client.RemoveTree(from);
  return removed.ok() ? kExitOk : context.Fail("remove the moved", from, removed);
}

int MoveOne(CommandContext& context, Client& client, const std::string& named_from, const std::string& named_to, bool no_clobber) {
  const Status status = client.Rename(named_from, named_to, no_clobber);
  if (status.ok() || (no_clobber && status.code() == Code::kExists)) return kExitOk;
  if (status.code() != Code::kCrossPolicy) return context.Fail("move", named_from, status);
  // It is clear by now what a slash at the end asks for.
  const std::string from = Bare(named_from), to = Bare(named_to);
  if (to == from || to.starts_with(from + "/")) return context.Fail("move", from, Status(Code::kInvalid, "into itself"));
  if (no_clobber && client.Stat(to).ok()) return kExitOk;
  return MoveByCopy(context, client, from, to);
}

}  // namespace

void AddCopyCommands(CommandTree& tree) {
  auto put = std::make_shared<CopyArguments>();
  CLI::App* command = tree.Add("put", "copy from this machine into the filesystem; keeps modes, times, links, holes, xattrs",
                               "nacre put notes.txt /vault/\nnacre put -r /usr/include /vault/inc\ntar c . | nacre put - /vault/all.tar");
  command->add_option("LOCAL", put->from, "a local file or directory; - is standard input")->required();
  command->add_option("PATH", put->to, "where it goes; into it when it is a directory")->required();
  command->add_flag("-r,-R,--recursive", put->recursive, "directories with all that is below");
  tree.OnRun(command, [put](CommandContext& context) { return RunPut(context, *put); });

  auto get = std::make_shared<CopyArguments>();
  command = tree.Add("get", "copy from the filesystem to this machine; keeps modes, times, links, holes, xattrs",
                     "nacre get /vault/notes.txt .\nnacre get -r /vault/inc /tmp/inc\nnacre get /vault/all.tar - | tar t");
  command->add_option("PATH", get->from, "a file or directory")->required();
  command->add_option("LOCAL", get->to, "where it goes; into it when it is a directory; - is standard output")->required();
  command->add_flag("-r,-R,--recursive", get->recursive, "directories with all that is below");
  tree.OnRun(command, [get](CommandContext& context) { return RunGet(context, *get); });

  auto cp = std::make_shared<ManyArguments>();
  command = tree.Add("cp", "copy within the filesystem", "nacre cp /a /b\nnacre cp -r /plain /vault/");
  command->add_option("PATH", cp->paths, "sources, then the target")->required()->expected(2, 1 << 20);
  command->add_flag("-r,-R,--recursive", cp->recursive, "directories with all that is below");
  tree.OnRun(command, [cp](CommandContext& context) {
    return ForEachPair(context, "copy", *cp, Into::kDirectory, [&](Client&, const std::string& from, const std::string& to) {
      return Copy(context, "copy", from, cp->recursive, [&](Client& c, const CopyOptions& options) { return c.Copy(from, to, options); });
    });
  });

  auto mv = std::make_shared<ManyArguments>();
  command = tree.Add("mv", "move or rename; between encryption policies it copies and removes", "nacre mv /a /b\nnacre mv /plain/x /vault/");
  command->add_option("PATH", mv->paths, "sources, then the target")->required()->expected(2, 1 << 20);
  command->add_flag("-n,--no-clobber", mv->no_clobber, "replace nothing");
  tree.OnRun(command, [mv](CommandContext& context) {
    return ForEachPair(context, "move", *mv, Into::kNamed, [&](Client& client, const std::string& from, const std::string& to) {
      return MoveOne(context, client, from, to, mv->no_clobber);
    });
  });
}

}  // namespace nacre::shell
