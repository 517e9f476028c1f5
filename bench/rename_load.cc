// rename_load DIR FILES: makes so many empty files in DIR, and waits for a line; renames each of them, 32 calls in flight,
// and waits for a line; then commits. Says "made", "renamed" and "committed" in between. recovery_bench.py has the server
// lose the renames meanwhile, so that the commit has to replay them.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "client/nacre.h"

namespace nacre {
namespace {

constexpr int kThreads = 32;

int Fail(const char* what, const Status& status) {
  std::fprintf(stderr, "rename_load: cannot %s: %s\n", what, status.ToString().c_str());
  return 1;
}

bool SayAndWait(const char* word) {
  std::puts(word);
  std::fflush(stdout);
  return std::getchar() != EOF;
}

// The number of failures.
int OfEach(int files, const std::function<Status(int number)>& work) {
  std::atomic<int> next{0}, failures{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < kThreads; ++i) {
    workers.emplace_back([&] {
      for (int number = next++; number < files; number = next++) {
        if (!work(number).ok()) ++failures;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  return failures;
}

int Run(const std::string& directory, int files) {
  ClientOptions options;
  options.mds_address = std::getenv("NACRE_MDS") == nullptr ? "" : std::getenv("NACRE_MDS");
  const Result<std::unique_ptr<Client>> client = Client::Connect(options);
  if (!client.ok()) return Fail("connect to the cluster at $NACRE_MDS", client.status());
  const auto path = [&](const char* kind, int number) { return directory + kind + std::to_string(number); };
  const int unmade = OfEach(files, [&](int number) {
    OpenOptions wish;
    wish.write = wish.create = wish.exclusive = true;
    const Result<std::unique_ptr<File>> file = (*client)->Open(path("/file-", number), wish);
    return file.ok() ? (*file)->Close() : file.status();
  });
  const Status made = (*client)->Commit();
  if (unmade > 0 || !made.ok()) return Fail("make every file", made);
  if (!SayAndWait("made")) return 1;
  const int unmoved = OfEach(files, [&](int number) { return (*client)->Rename(path("/file-", number), path("/moved-", number)); });
  if (unmoved > 0) return Fail("rename every file", Status(Code::kIo, std::to_string(unmoved) + " failed"));
  if (!SayAndWait("renamed")) return 1;
  const Status committed = (*client)->Commit();
  if (!committed.ok()) return Fail("commit", committed);
  std::puts("committed");
  return 0;
}

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: NACRE_MDS=HOST:PORT rename_load DIR FILES\n");
    return 2;
  }
  return nacre::Run(argv[1], std::atoi(argv[2]));
}
