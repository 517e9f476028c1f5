// create_load DIR THREADS FILES: makes so many empty files in DIR through the library, so many calls in flight, and
// then commits. Says how many were made in a second. create_bench.py drives it.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "client/nacre.h"

namespace nacre {
namespace {

int Fail(const char* what, const Status& status) {
  std::fprintf(stderr, "create_load: cannot %s: %s\n", what, status.ToString().c_str());
  return 1;
}

Status CreateOne(Client& client, const std::string& path) {
  OpenOptions options;
  options.write = options.create = options.exclusive = true;
  const Result<std::unique_ptr<File>> file = client.Open(path, options);
  return file.ok() ? (*file)->Close() : file.status();
}

int Run(const std::string& directory, int threads, int files) {
  ClientOptions options;
  options.mds_address = std::getenv("NACRE_MDS") == nullptr ? "" : std::getenv("NACRE_MDS");
  const Result<std::unique_ptr<Client>> client = Client::Connect(options);
  if (!client.ok()) return Fail("connect to the cluster at $NACRE_MDS", client.status());
  std::atomic<int> next{0};
  std::atomic<int> failures{0};
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (int number = next++; number < files; number = next++) {
        if (!CreateOne(**client, directory + "/file-" + std::to_string(number)).ok()) ++failures;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const Status committed = (*client)->Commit();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (!committed.ok()) return Fail("commit", committed);
  if (failures > 0) return Fail("create every file", Status(Code::kIo, std::to_string(failures) + " failed"));
  std::printf("%.0f\n", files / took.count());
  return 0;
}

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: NACRE_MDS=HOST:PORT create_load DIR THREADS FILES\n");
    return 2;
  }
  return nacre::Run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]));
}
