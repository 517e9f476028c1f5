#include "client/shell/command_context.h"

#include <algorithm>
#include <cstdio>
#include <istream>
#include <ostream>
#include <vector>

#include "client/shell/client_config.h"
#include "client/shell/json.h"
#include "client/shell/table.h"
#include "results.pb.h"

namespace nacre::shell {

Result<Client*> ClientHolder::Get(const GlobalOptions& options) {
  if (client_ != nullptr) return client_.get();
  Result<ClientOptions> found = FindClientOptions(options.config);
  if (!found.ok()) return found.status();
  ClientOptions client_options = *found;
  if (options.wait_timeout.has_value()) client_options.wait_timeout = *options.wait_timeout;
  // From any thread, in the middle of anything: a line at once.
  if (!options.quiet) client_options.notice = [](const std::string& text) { std::fputs(("nacre: " + text + "\n").c_str(), stderr); };
  Result<std::unique_ptr<Client>> client = connector_(client_options);
  if (!client.ok()) return client.status();
  mds_address = client_options.mds_address;
  client_ = std::move(client).value();
  return client_.get();
}

Status ClientHolder::Disconnect() {
  if (client_ == nullptr) return Status::Ok();
  const Status status = client_->Disconnect();
  client_.reset();
  return status;
}

std::string CleanPath(std::string_view cwd, std::string_view given) {
  std::string joined = given.starts_with('/') ? std::string(given) : std::string(cwd) + "/" + std::string(given);
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin < joined.size()) {
    const size_t end = std::min(joined.find('/', begin), joined.size());
    const std::string part = joined.substr(begin, end - begin);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  std::string out;
  for (const std::string& part : parts) out += "/" + part;
  return out.empty() ? "/" : out;
}

namespace {

std::string_view WithoutSlash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

std::string ParentOf(std::string_view path) {
  path = WithoutSlash(path);
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash));
}
std::string BaseName(std::string_view path) {
  path = WithoutSlash(path);
  return std::string(path.substr(path.rfind('/') + 1));
}
bool EndsInDots(std::string_view path) {
  const std::string name = BaseName(path);
  return name == "." || name == "..";
}
std::string Join(std::string_view directory, std::string_view name) {
  return std::string(directory) + (directory.ends_with('/') ? "" : "/") + std::string(name);
}

Result<std::string> CommandContext::Path(std::string_view given) const {
  if (given.empty()) return Status(Code::kInvalid, "an empty path");
  if (given.find('\0') != std::string_view::npos) return Status(Code::kInvalid, "a path with a NUL byte");
  if (!given.starts_with('/') && !holder_.in_shell) {
    return Status(Code::kInvalid, "'" + std::string(given) + "' is not a path in the filesystem: those begin with '/'");
  }
  return CleanPath(holder_.cwd, given);
}

Result<std::string> CommandContext::PathToName(std::string_view given) const {
  Result<std::string> path = Path(given);
  if (path.ok() && *path != "/" && (given.ends_with('/') || EndsInDots(given))) *path += '/';
  return path;
}

int CommandContext::Answer(const google::protobuf::Message& message, const std::function<std::string()>& text) {
  answered_ = true;
  if (options_.json) {
    out() << ToJson(message) << "\n";
  } else {
    out() << text();
  }
  return kExitOk;
}

int CommandContext::AnswerTable(const google::protobuf::Message& message, std::string_view rows,
                                const std::vector<std::string>& columns) {
  return Answer(message, [&] { return ToTable(message, rows, columns); });
}

void CommandContext::Remember(std::string message, std::string_view code) {
  if (options_.json) failures_.emplace_back(std::move(message), code);  // a walk may fail a million times
}

void CommandContext::AnswerOutcome() {
  if (answered_ || !options_.json) return;
  results::Outcome outcome;
  for (const auto& [message, code] : failures_) {
    results::Failure* failure = outcome.add_failures();
    failure->set_message(message);
    failure->set_code(code);
  }
  Answer(outcome, [] { return std::string(); });
}

std::string HintFor(const Status& status, std::string_view verb, std::string_view object) {
  switch (status.code()) {
    case Code::kNoKey:
      if (verb == "lock") return {};
      return "nacre unlock DIR --key-file FILE   (DIR: the encrypted directory that '" + Printable(object) + "' is in, or goes to)";
    case Code::kWrongKey: return "nacre key status " + Printable(object) + "   (shows which key the directory was encrypted with)";
    case Code::kUnavailable: return "nacre ping, or nacre dev status DIR; a longer --wait-timeout waits longer";
    case Code::kCrossPolicy: return "nacre mv or nacre cp -r, which copy where a rename cannot encrypt anew";
    case Code::kNotEmpty:
      if (verb == "remove") return "nacre rm -r " + Printable(object);
      if (verb == "encrypt") return "encrypt a new directory, then nacre mv or nacre cp -r the files into it";
      return {};
    case Code::kNoSpace:
      if (verb == "change an attribute of") return {};  // it has no room beside the inode
      return "nacre df   (shows which target is full)";
    case Code::kIsDirectory:
      if (verb == "remove") return "nacre rm -r " + Printable(object);
      return {};
    case Code::kFenced: return "again: the cluster had waited for this client in vain, and went on without it";
    case Code::kStale: return "again: the session or the file ended while the command ran";
    default: return {};
  }
}

int CommandContext::Fail(std::string_view verb, std::string_view object, const Status& status) {
  Remember(std::string(object) + (object.empty() ? "" : ": ") + status.message(), CodeName(status.code()));
  std::ostream& err = streams_.err;
  out().flush();  // what was answered before stands above the error
  err << "nacre: cannot " << verb;
  if (!object.empty()) err << " '" << Printable(object) << "'";
  err << ": " << CodeName(status.code()) << "\n";
  if (!status.message().empty()) err << "  cause: " << Printable(status.message()) << "\n";
  const std::string hint = HintFor(status, verb, object);
  if (!hint.empty() && !options_.quiet) err << "  try: " << hint << "\n";
  err.flush();
  return ExitCodeOf(status.code());
}

int CommandContext::Usage(const std::string& message) {
  Remember(message, "usage");
  streams_.err << "nacre: ";
  for (size_t begin = 0; begin <= message.size();) {  // our own line breaks stay
    const size_t end = std::min(message.find('\n', begin), message.size());
    streams_.err << Printable(std::string_view(message).substr(begin, end - begin)) << "\n";
    begin = end + 1;
  }
  return kExitUsage;
}

void CommandContext::Note(const std::string& message) {
  if (!options_.quiet) streams_.err << "nacre: " << Printable(message) << "\n";
}

}  // namespace nacre::shell
