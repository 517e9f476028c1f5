// unfinished_client PATH: a client that unlinks PATH and is never heard of again. Connects, says "ready", waits for a line,
// unlinks, says "done", and waits to be killed: it commits nothing and ends no session. crash_test.py drives it.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "client/nacre.h"

namespace nacre {
namespace {

int Fail(const char* what, const Status& status) {
  std::fprintf(stderr, "unfinished_client: cannot %s: %s\n", what, status.ToString().c_str());
  return 1;
}

void Say(const char* word) {
  std::puts(word);
  std::fflush(stdout);
}

int Run(const std::string& path) {
  ClientOptions options;
  options.mds_address = std::getenv("NACRE_MDS") == nullptr ? "" : std::getenv("NACRE_MDS");
  const Result<std::unique_ptr<Client>> client = Client::Connect(options);
  if (!client.ok()) return Fail("connect to the cluster at $NACRE_MDS", client.status());
  Say("ready");
  if (std::getchar() == EOF) return 1;
  const Status unlinked = (*client)->Unlink(path);
  if (!unlinked.ok()) return Fail("unlink", unlinked);
  Say("done");
  while (std::getchar() != EOF) {
  }
  std::_Exit(3);  // nobody killed it
}

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: NACRE_MDS=HOST:PORT unfinished_client PATH\n");
    return 2;
  }
  return nacre::Run(argv[1]);
}
