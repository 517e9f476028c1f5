// bench, speed: how fast it is here.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ostream>

#include "client/shell/app.h"
#include "client/shell/table.h"
#include "client/speed.h"
#include "common/base/units.h"
#include "common/runtime/units_text.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct BenchArguments {
  std::string path, size = "256M";
  uint32_t files = 500;
};

std::string Rate(double number, const std::string& unit) {
  if (unit == "bytes/s") return FormatSize(static_cast<uint64_t>(number)) + "/s";
  char text[48];
  std::snprintf(text, sizeof text, "%.0f %s", number, unit.c_str());
  return text;
}

class Bench {
 public:
  Bench(Client& client, std::string directory, uint64_t bytes, uint32_t files)
      : client_(client), directory_(std::move(directory)), bytes_(bytes), files_(files) {}

  Status Run() {
    NACRE_RETURN_IF_ERROR(client_.MakeDirectory(directory_, 0700, false));
    const Status status = Measure();
    const Status removed = client_.RemoveTree(directory_);
    return status.ok() ? removed : status;
  }
  const results::Measures& measures() const { return measures_; }

 private:
  Status Measure() {
    NACRE_RETURN_IF_ERROR(Timed("write a big file, with sync", "bytes/s", bytes_, "/MiB", kMiB, [&] { return WriteBig(); }));
    NACRE_RETURN_IF_ERROR(Timed("read a big file", "bytes/s", bytes_, "/MiB", kMiB, [&] { return ReadBig(); }));
    NACRE_RETURN_IF_ERROR(Timed("create small files", "files/s", files_, "/file", 1, [&] { return ForEachSmall([&](const std::string& p) { return Create(p); }); }));
    NACRE_RETURN_IF_ERROR(Timed("stat small files", "files/s", files_, "/file", 1, [&] { return ForEachSmall([&](const std::string& p) { return client_.Stat(p).status(); }); }));
    return Timed("read small files", "files/s", files_, "/file", 1, [&] { return ForEachSmall([&](const std::string& p) { return ReadSmall(p); }); });
  }

  Status Timed(const std::string& item, const std::string& unit, double amount, const std::string& per, uint64_t cost_of,
               const std::function<Status()>& work) {
    const auto begin = SteadyClock::now();
    NACRE_RETURN_IF_ERROR(work());
    const std::chrono::nanoseconds took = SteadyClock::now() - begin;
    const double rate = amount / std::chrono::duration<double>(took).count();
    results::Measure* measure = measures_.add_measures();
    measure->set_item(item);
    measure->set_value(Rate(rate, unit));
    measure->set_cost(FormatDuration(std::chrono::nanoseconds(static_cast<int64_t>(static_cast<double>(took.count()) / amount * static_cast<double>(cost_of)))) + per);
    measure->set_number(rate);
    measure->set_unit(unit);
    return Status::Ok();
  }

  Status WriteBig() {
    const std::vector<uint8_t> chunk(4 * kMiB, 0xa5);
    const Result<std::unique_ptr<File>> file = client_.Open(directory_ + "/big", {.write = true, .create = true});
    if (!file.ok()) return file.status();
    for (uint64_t offset = 0; offset < bytes_; offset += chunk.size()) {
      const size_t length = static_cast<size_t>(std::min<uint64_t>(chunk.size(), bytes_ - offset));
      NACRE_RETURN_IF_ERROR((*file)->Write(offset, {chunk.data(), length}));
    }
    return (*file)->Close();
  }

  Status ReadBig() {
    std::vector<uint8_t> chunk(4 * kMiB);
    const Result<std::unique_ptr<File>> file = client_.Open(directory_ + "/big", {});
    if (!file.ok()) return file.status();
    for (uint64_t offset = 0; offset < bytes_;) {
      const Result<size_t> got = (*file)->Read(offset, chunk);
      if (!got.ok()) return got.status();
      if (*got == 0) return Status(Code::kIo, "the big file is shorter than what was written");
      offset += *got;
    }
    return (*file)->Close();
  }

  Status ForEachSmall(const std::function<Status(const std::string&)>& work) {
    for (uint32_t i = 0; i < files_; ++i) NACRE_RETURN_IF_ERROR(work(directory_ + "/small-" + std::to_string(i)));
    return Status::Ok();
  }

  Status Create(const std::string& path) {
    const std::vector<uint8_t> content(kPageBytes, 0x5a);
    const Result<std::unique_ptr<File>> file = client_.Open(path, {.write = true, .create = true});
    if (!file.ok()) return file.status();
    NACRE_RETURN_IF_ERROR((*file)->Write(0, content));
    return (*file)->Close();
  }

  Status ReadSmall(const std::string& path) {
    std::vector<uint8_t> content(kPageBytes);
    const Result<std::unique_ptr<File>> file = client_.Open(path, {});
    if (!file.ok()) return file.status();
    const Result<size_t> got = (*file)->Read(0, content);
    return got.ok() ? (*file)->Close() : got.status();
  }

  Client& client_;
  const std::string directory_;
  const uint64_t bytes_;
  const uint32_t files_;
  results::Measures measures_;
};

int RunBench(CommandContext& context, const BenchArguments& a) {
  const std::optional<uint64_t> bytes = ParseSize(a.size);
  if (!bytes.has_value() || *bytes == 0) return context.Usage("bench: '" + a.size + "' is no size such as 256M");
  const Result<std::string> path = context.Path(a.path);
  if (!path.ok()) return context.Usage("bench: " + path.status().message());
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("measure in", a.path, client.status());
  Bench bench(**client, Join(*path, "nacre-bench-" + std::to_string(getpid())), *bytes, a.files);
  const Status status = bench.Run();
  if (!status.ok()) return context.Fail("measure in", a.path, status);
  return context.AnswerTable(bench.measures(), "measures", {"item", "value", "cost"});
}

int RunSpeed(CommandContext& context) {
  results::Measures message;
  for (const SpeedFigure& figure : MeasureCiphers()) {
    results::Measure* measure = message.add_measures();
    measure->set_item(figure.item);
    measure->set_value(Rate(figure.number, figure.unit));
    measure->set_number(figure.number);
    measure->set_unit(figure.unit);
    const double one = figure.unit == "bytes/s" ? static_cast<double>(kPageBytes) : 1;
    measure->set_cost(FormatDuration(std::chrono::nanoseconds(static_cast<int64_t>(1e9 * one / figure.number))) +
                      (figure.unit == "bytes/s" ? "/page" : ""));
  }
  return context.AnswerTable(message, "measures", {"item", "value", "cost"});
}

}  // namespace

void AddMeasureCommands(CommandTree& tree) {
  auto bench = std::make_shared<BenchArguments>();
  CLI::App* command = tree.Add("bench", "write, read, create and look, below a directory; removes what it made", "nacre bench /vault\nnacre bench /vault --size 1G --files 2000");
  command->add_option("PATH", bench->path, "a directory")->required();
  command->add_option("--size", bench->size, "of the big file (256M)")->type_name("SIZE");
  command->add_option("--files", bench->files, "how many small files (500)")->check(CLI::Range(1, 1'000'000))->type_name("N");
  tree.OnRun(command, [bench](CommandContext& context) { return RunBench(context, *bench); });

  command = tree.Add("speed", "how fast this machine encrypts; needs no cluster", "nacre speed");
  tree.OnRun(command, RunSpeed);
}

}  // namespace nacre::shell
