// encrypt, unlock, lock, key status, debug raw, debug context: policies, keys, and what the servers see.
#include <algorithm>
#include <ostream>

#include "client/shell/app.h"
#include "client/shell/key_file.h"
#include "client/shell/table.h"
#include "common/base/bytes.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

struct KeyArguments {
  std::string directory, key_file, names = "aes-256-cts";
  uint32_t padding = 32;
};

int RunEncrypt(CommandContext& context, const KeyArguments& a) {
  if (a.key_file.empty()) {
    return context.Usage("encrypt: --key-file FILE is needed: keys wrapped by passphrases are not built yet\n"
                         "  try: head -c 64 /dev/urandom > FILE (keep it: without it the data is lost), then --key-file FILE");
  }
  const Result<std::string> path = context.Path(a.directory);
  if (!path.ok()) return context.Usage("encrypt: " + path.status().message());
  const Result<SecretKey> key = ReadKeyFile(a.key_file);
  if (!key.ok()) return context.Fail("encrypt", a.directory, key.status());
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("encrypt", a.directory, client.status());
  const PolicyOptions options{.hctr2_names = a.names == "aes-256-hctr2", .padding_bytes = a.padding};
  const Status status = (*client)->Encrypt(*path, key->bytes(), options);
  if (!status.ok()) return context.Fail("encrypt", a.directory, status);
  context.Note("'" + a.directory + "' is encrypted and unlocked; keep the key file: without it the data is lost");
  return kExitOk;
}

int RunUnlock(CommandContext& context, const KeyArguments& a) {
  if (a.key_file.empty()) return context.Usage("unlock: --key-file FILE is needed");
  const Result<std::string> path = context.Path(a.directory);
  if (!path.ok()) return context.Usage("unlock: " + path.status().message());
  const Result<SecretKey> key = ReadKeyFile(a.key_file);
  if (!key.ok()) return context.Fail("unlock", a.directory, key.status());
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("unlock", a.directory, client.status());
  const Status status = (*client)->Unlock(*path, key->bytes());
  return status.ok() ? kExitOk : context.Fail("unlock", a.directory, status);
}

int RunLock(CommandContext& context, const std::string& directory) {
  const Result<std::string> path = context.Path(directory);
  if (!path.ok()) return context.Usage("lock: " + path.status().message());
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("lock", directory, client.status());
  const Status status = (*client)->Lock(*path);
  return status.ok() ? kExitOk : context.Fail("lock", directory, status);
}

void FillKey(const KeyState& state, const std::string& path, results::Key* key) {
  key->set_identifier(state.identifier);
  key->set_unlocked(state.unlocked);
  if (!state.policy.empty()) key->set_policy(state.policy);
  if (!path.empty()) key->set_path(path);
}

int RunKeyStatus(CommandContext& context, const std::string& directory) {
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("show the keys", "", client.status());
  results::Keys message;
  if (!directory.empty()) {
    const Result<std::string> path = context.Path(directory);
    if (!path.ok()) return context.Usage("key status: " + path.status().message());
    const Result<KeyState> state = (*client)->KeyOf(*path);
    if (!state.ok()) return context.Fail("show the key of", directory, state.status());
    FillKey(*state, *path, message.add_keys());
    return context.AnswerTable(message, "keys", {"identifier", "unlocked", "policy", "path"});
  }
  const Result<std::vector<KeyState>> states = (*client)->Keys();
  if (!states.ok()) return context.Fail("show the keys", "", states.status());
  for (const KeyState& state : *states) FillKey(state, "", message.add_keys());
  return context.AnswerTable(message, "keys", {"identifier", "unlocked"});
}

struct RawArguments {
  std::string path;
  std::optional<uint64_t> page;
};

int RunDebugRaw(CommandContext& context, const RawArguments& a) {
  const Result<std::string> path = context.Path(a.path);
  if (!path.ok()) return context.Usage("debug raw: " + path.status().message());
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("read the pages of", a.path, client.status());
  context.AnswersRaw();
  const Status status = (*client)->RawPages(*path, a.page.value_or(0), a.page.has_value() ? 1 : UINT64_MAX, [&](ByteView pages) -> Status {
    context.out().write(reinterpret_cast<const char*>(pages.data()), static_cast<std::streamsize>(pages.size()));
    return context.out() ? Status::Ok() : Status(Code::kIo, "standard output takes no more");
  });
  return status.ok() ? kExitOk : context.Fail("read the pages of", a.path, status);
}

int RunDebugContext(CommandContext& context, const std::string& given) {
  const Result<std::string> path = context.Path(given);
  if (!path.ok()) return context.Usage("debug context: " + path.status().message());
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("read the context of", given, client.status());
  const Result<FileInfo> info = (*client)->Stat(*path);
  if (!info.ok()) return context.Fail("read the context of", given, info.status());
  if (info->context.empty()) return context.Fail("read the context of", given, Status(Code::kNoData, "it is not encrypted"));
  results::Context message;
  message.set_path(*path);
  message.set_context(ToHex(AsBytes(info->context)));
  return context.Answer(message, [&] { return message.context() + "\n"; });
}

CLI::Option* AddKeyFile(CLI::App* command, KeyArguments& arguments) {
  return command->add_option("--key-file", arguments.key_file, "the raw master key: 32 to 64 bytes")->type_name("FILE");
}

}  // namespace

void AddEncryptionCommands(CommandTree& tree) {
  auto encrypt = std::make_shared<KeyArguments>();
  CLI::App* command = tree.Add("encrypt", "encrypt everything below a directory, which is made where it is missing and else must be empty",
                               "head -c 64 /dev/urandom > key && nacre encrypt /vault --key-file key");
  command->add_option("DIR", encrypt->directory, "the directory")->required();
  AddKeyFile(command, *encrypt);
  command->add_option("--names", encrypt->names, "cipher of names (aes-256-cts)")->check(CLI::IsMember({"aes-256-cts", "aes-256-hctr2"}));
  command->add_option("--padding", encrypt->padding, "lengths of names are hidden up to this many bytes (32)")->check(CLI::IsMember({4, 8, 16, 32}));
  tree.OnRun(command, [encrypt](CommandContext& context) { return RunEncrypt(context, *encrypt); });

  auto unlock = std::make_shared<KeyArguments>();
  command = tree.Add("unlock", "hand the key of a directory to the user's key agent", "nacre unlock /vault --key-file key");
  command->add_option("DIR", unlock->directory, "the directory")->required();
  AddKeyFile(command, *unlock);
  tree.OnRun(command, [unlock](CommandContext& context) { return RunUnlock(context, *unlock); });

  auto lock = std::make_shared<std::string>();
  command = tree.Add("lock", "drop the key of a directory from the agent", "nacre lock /vault");
  command->add_option("DIR", *lock, "the directory")->required();
  tree.OnRun(command, [lock](CommandContext& context) { return RunLock(context, *lock); });

  CLI::App* key = tree.Add("key", "keys", "nacre key status /vault");
  key->require_subcommand(1);
  auto status = std::make_shared<std::string>();
  command = tree.Add("status", "the unlocked keys of this filesystem, or the key of a path", "nacre key status\nnacre key status /vault", key);
  command->add_option("DIR", *status, "a path below an encrypted directory");
  tree.OnRun(command, [status](CommandContext& context) { return RunKeyStatus(context, *status); });

  CLI::App* debug = tree.Add("debug", "what the servers hold", "nacre debug raw /vault/a | xxd | head");
  debug->require_subcommand(1);
  auto raw = std::make_shared<RawArguments>();
  command = tree.Add("raw", "a file's pages as the servers hold them, holes as zeros, to standard output; "
                     "needs the right to read it, and no key",
                     "nacre debug raw /vault/a > ciphertext\nnacre debug raw /vault/a --page 7 | xxd", debug);
  command->add_option("PATH", raw->path, "the file")->required();
  command->add_option("--page", raw->page, "only this page, counted from 0")->type_name("N");
  tree.OnRun(command, [raw](CommandContext& context) { return RunDebugRaw(context, *raw); });
  auto context_path = std::make_shared<std::string>();
  command = tree.Add("context", "the 40 bytes of the encryption context, in hex", "nacre debug context /vault/a", debug);
  command->add_option("PATH", *context_path, "an encrypted file, directory or symlink")->required();
  tree.OnRun(command, [context_path](CommandContext& context) { return RunDebugContext(context, *context_path); });
}

}  // namespace nacre::shell
