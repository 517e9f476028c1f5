// CommandContext: what a command gets: its options, streams, the filesystem (connected to when first asked for), and how
// to answer and to fail. One per command line; the session behind it lives as long as the program. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "client/nacre.h"
#include "client/shell/exit_code.h"

namespace nacre::shell {

// Before or after the command's name on every line.
struct GlobalOptions {
  std::string config;
  std::optional<std::chrono::milliseconds> wait_timeout;
  bool json = false, stats = false, no_color = false, quiet = false;
  int verbose = 0;
};

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false, out_is_terminal = false, err_is_terminal = false;
  unsigned width = 80;
};

// The session with the filesystem, shared by the commands of one shell.
class ClientHolder {
 public:
  using Connector = std::function<Result<std::unique_ptr<Client>>(const ClientOptions&)>;
  explicit ClientHolder(Connector connector) : connector_(std::move(connector)) {}
  Result<Client*> Get(const GlobalOptions& options);
  // A session apart from the shared one.
  Result<std::unique_ptr<Client>> Connect(const ClientOptions& options) { return connector_(options); }
  Client* connected() const { return client_.get(); }
  Status Disconnect();  // Ok when there is none

  std::string mds_address;  // once connected
  bool in_shell = false;    // relative paths are taken from cwd
  std::string cwd = "/";

 private:
  Connector connector_;
  std::unique_ptr<Client> client_;
};

class CommandContext {
 public:
  CommandContext(const GlobalOptions& options, Streams& streams, ClientHolder& holder)
      : options_(options), streams_(streams), holder_(holder) {}

  const GlobalOptions& options() const { return options_; }
  Streams& streams() { return streams_; }
  std::ostream& out() { return streams_.out; }
  ClientHolder& holder() { return holder_; }
  Result<Client*> client() { return holder_.Get(options_); }

  // Absolute, without "." and ".." and doubled slashes. Relative paths are the shell's: elsewhere kInvalid, reported as
  // a usage error.
  Result<std::string> Path(std::string_view given) const;

  // As Path, with a '/' at the end where the given one says that it is a directory: by "/", "/." or "/..".
  Result<std::string> PathToName(std::string_view given) const;

  // Prints message as JSON when asked to, else what `text` makes of it. Answers kExitOk.
  int Answer(const google::protobuf::Message& message, const std::function<std::string()>& text);
  int AnswerTable(const google::protobuf::Message& message, std::string_view rows, const std::vector<std::string>& columns);

  // The command's output is bytes or lines of its own: with --json too.
  void AnswersRaw() { answered_ = true; }
  // With --json every command answers one object. Of one that has nothing to tell: what failed.
  void AnswerOutcome();

  // "nacre: cannot VERB 'OBJECT': …" with cause and hint on stderr. Answers the exit code.
  int Fail(std::string_view verb, std::string_view object, const Status& status);
  // A mistake in the command line itself.
  int Usage(const std::string& message);
  void Note(const std::string& message);  // on stderr, not with --quiet

 private:
  void Remember(std::string message, std::string_view code);

  const GlobalOptions& options_;
  Streams& streams_;
  ClientHolder& holder_;
  bool answered_ = false;
  std::vector<std::pair<std::string, std::string>> failures_;  // message, code: what Fail and Usage told; with --json
};

// Cleans an absolute path lexically; a relative one is taken from cwd.
std::string CleanPath(std::string_view cwd, std::string_view given);
// Of clean paths; slashes at the end do not count.
std::string ParentOf(std::string_view path);
std::string BaseName(std::string_view path);
bool EndsInDots(std::string_view path);  // its last name is "." or "..": a directory that is not reached by its name
std::string Join(std::string_view directory, std::string_view name);

// What to do about an error, where a command is known that helps; else empty. verb: as in Fail.
std::string HintFor(const Status& status, std::string_view verb, std::string_view object);

}  // namespace nacre::shell
