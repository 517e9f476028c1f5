// cat, read, write, truncate, punch, touch: what lies in files.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <istream>
#include <ostream>

#include "client/shell/app.h"
#include "client/shell/per_path.h"
#include "client/shell/stream.h"
#include "common/base/units.h"
#include "common/runtime/units_text.h"

namespace nacre::shell {
namespace {

struct RangeArguments {
  std::string path, offset_text = "0", length_text, from;
};

std::optional<uint64_t> Offset(const std::string& text) {
  const std::optional<uint64_t> value = ParseSize(text);
  return value.has_value() && *value <= kFileBytesMax ? value : std::nullopt;
}

int Show(CommandContext& context, const std::string& given, uint64_t offset, uint64_t length) {
  const Result<std::string> path = context.PathToName(given);
  if (!path.ok()) return context.Usage(path.status().message());
  context.AnswersRaw();
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("read", given, client.status());
  const Result<std::unique_ptr<File>> file = (*client)->Open(*path, {});
  if (!file.ok()) return context.Fail("read", given, file.status());
  // The size as of the open: asking beyond it would ask the server once more, what it is by now.
  const uint64_t size = (*file)->Info().size;
  Status status = StreamOut(**file, offset, std::min(length, size - std::min(offset, size)), context.out());
  const Status closed = (*file)->Close();
  if (status.ok()) status = closed;
  return status.ok() ? kExitOk : context.Fail("read", given, status);
}

int RunRead(CommandContext& context, const RangeArguments& arguments) {
  const std::optional<uint64_t> offset = Offset(arguments.offset_text);
  const std::optional<uint64_t> length = arguments.length_text.empty() ? UINT64_MAX : ParseSize(arguments.length_text);
  if (!offset.has_value() || !length.has_value()) return context.Usage("read: --offset and --length are sizes such as 4096 or 1M");
  return Show(context, arguments.path, *offset, *length);
}

int RunWrite(CommandContext& context, const RangeArguments& arguments) {
  const std::optional<uint64_t> offset = Offset(arguments.offset_text);
  if (!offset.has_value()) return context.Usage("write: '" + arguments.offset_text + "' is no offset");
  const Result<std::string> path = context.PathToName(arguments.path);
  if (!path.ok()) return context.Usage("write: " + path.status().message());
  std::ifstream local;
  if (!arguments.from.empty()) {
    local.open(arguments.from, std::ios::binary);
    if (!local) return context.Fail("read", arguments.from, ErrnoStatus(errno, "opening the local file"));
  }
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("write", arguments.path, client.status());
  const Result<std::unique_ptr<File>> file = (*client)->Open(*path, {.write = true, .create = true});
  if (!file.ok()) return context.Fail("write", arguments.path, file.status());
  Status status = StreamIn(arguments.from.empty() ? context.streams().in : local, **file, *offset);
  const Status closed = (*file)->Close();
  if (status.ok()) status = closed;
  return status.ok() ? kExitOk : context.Fail("write", arguments.path, status);
}

// With '+' or '-' the size is relative to what the file has.
Status TruncateOne(Client& client, const std::string& path, const std::string& text, uint64_t size) {
  if (text[0] == '+' || text[0] == '-') {
    const Result<FileInfo> info = client.Stat(path, Client::Follow::kYes);
    if (!info.ok()) return info.status();
    if (text[0] == '+' && size > kFileBytesMax - std::min(info->size, kFileBytesMax)) {
      return Status(Code::kTooLarge, "the file would be larger than files can be");
    }
    size = text[0] == '+' ? info->size + size : info->size - std::min(size, info->size);
  }
  return client.Truncate(path, size);
}

int RunTruncate(CommandContext& context, const std::vector<std::string>& paths, const std::string& text) {
  const bool relative = text.starts_with('+') || text.starts_with('-');
  const std::optional<uint64_t> size = Offset(relative ? text.substr(1) : text);
  if (!size.has_value()) return context.Usage("truncate: '" + text + "' is no size such as 4096, 10M or +1K");
  return ForEachPath(context, "truncate", paths, [&](Client& client, const std::string& path) { return TruncateOne(client, path, text, *size); });
}

int RunPunch(CommandContext& context, const RangeArguments& arguments) {
  const std::optional<uint64_t> offset = Offset(arguments.offset_text), length = Offset(arguments.length_text);
  if (!offset.has_value() || !length.has_value()) return context.Usage("punch: --offset and --length are sizes such as 4096 or 1M");
  return ForEachPath(context, "punch", {arguments.path}, [&](Client& client, const std::string& path) -> Status {
    const Result<std::unique_ptr<File>> file = client.Open(path, {.write = true});
    if (!file.ok()) return file.status();
    const Status status = (*file)->Punch(*offset, *length);
    const Status closed = (*file)->Close();
    return status.ok() ? closed : status;
  });
}

Status TouchOne(Client& client, const std::string& path, bool only_existing) {
  const Status status = client.Touch(path);
  if (status.code() != Code::kNotFound) return status;
  if (only_existing) return Status::Ok();
  const Result<std::unique_ptr<File>> file = client.Open(path, {.write = true, .create = true});
  return file.ok() ? (*file)->Close() : file.status();
}

}  // namespace

void AddContentCommands(CommandTree& tree) {
  auto cat_paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = tree.Add("cat", "contents to standard output", "nacre cat /vault/notes.txt");
  command->add_option("PATH", *cat_paths, "files")->required();
  tree.OnRun(command, [cat_paths](CommandContext& context) {
    int exit_code = kExitOk;
    for (const std::string& path : *cat_paths) {
      const int code = Show(context, path, 0, UINT64_MAX);
      if (exit_code == kExitOk) exit_code = code;
    }
    return exit_code;
  });

  auto read = std::make_shared<RangeArguments>();
  command = tree.Add("read", "a part of a file to standard output", "nacre read /vault/a --offset 1M --length 4096");
  command->add_option("PATH", read->path, "the file")->required();
  command->add_option("--offset", read->offset_text, "where to begin (0)")->type_name("N");
  command->add_option("--length", read->length_text, "how much at most (to the end)")->type_name("N");
  tree.OnRun(command, [read](CommandContext& context) { return RunRead(context, *read); });

  auto write = std::make_shared<RangeArguments>();
  command = tree.Add("write", "standard input into a file, which is made where it is missing and never cut",
                     "echo hello | nacre write /vault/a\nnacre write /vault/a --offset 4096 --from part");
  command->add_option("PATH", write->path, "the file")->required();
  command->add_option("--offset", write->offset_text, "where to begin (0)")->type_name("N");
  command->add_option("--from", write->from, "a local file instead of standard input, which in a piped shell holds commands")->type_name("FILE");
  tree.OnRun(command, [write](CommandContext& context) { return RunWrite(context, *write); });

  auto truncate_paths = std::make_shared<std::vector<std::string>>();
  auto size = std::make_shared<std::string>();
  command = tree.Add("truncate", "cut or extend files", "nacre truncate -s 10M /vault/a\nnacre truncate -s +4096 /vault/a");
  command->add_option("-s,--size", *size, "the new size; +N and -N are relative")->required()->type_name("SIZE");
  command->add_option("PATH", *truncate_paths, "files")->required();
  tree.OnRun(command, [truncate_paths, size](CommandContext& context) { return RunTruncate(context, *truncate_paths, *size); });

  auto punch = std::make_shared<RangeArguments>();
  command = tree.Add("punch", "make a hole, which reads as zeros", "nacre punch /vault/a --offset 0 --length 1M");
  command->add_option("PATH", punch->path, "the file")->required();
  command->add_option("--offset", punch->offset_text, "where the hole begins")->required()->type_name("N");
  command->add_option("--length", punch->length_text, "how long it is")->required()->type_name("N");
  tree.OnRun(command, [punch](CommandContext& context) { return RunPunch(context, *punch); });

  auto touch_paths = std::make_shared<std::vector<std::string>>();
  auto only_existing = std::make_shared<bool>(false);
  command = tree.Add("touch", "set times to now; makes empty files", "nacre touch /vault/a");
  command->add_option("PATH", *touch_paths, "files")->required();
  command->add_flag("-c,--no-create", *only_existing, "make nothing");
  tree.OnRun(command, [touch_paths, only_existing](CommandContext& context) {
    return ForEachPath(context, "touch", *touch_paths,
                       [&](Client& client, const std::string& path) { return TouchOne(client, path, *only_existing); });
  });
}

}  // namespace nacre::shell
