#include "tests/sim/shared_file.h"

#include <cstring>

namespace nacre::sim {
namespace {

const std::string kPath = "/d/" + kCanary + "-shared";
// The second stripe begins with page 16.
constexpr std::array<uint32_t, 6> kPages{0, 1, 2, 15, 16, 17};

std::string StateOf(const std::array<uint64_t, 4>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), sizeof values);
}

}  // namespace

Task<void> SharedFile::Make(SimClientPtr client) {
  constexpr uint32_t kStripes = 2;
  made_ = co_await world_.MakeFile(client, kPath, kStripes);
}

bool SharedFile::Failed(const SimClientPtr& client, const Status& status, const std::string& what) {
  return world_.Failed(*client, status, "shared file, " + what);
}

Task<void> SharedFile::Work(SimClientPtr client, uint32_t steps) {
  if (!made_) co_return;
  FileOpener::Wish wish;
  wish.write = true;
  Task<Result<Opened>> open = client->core.opener().Open(kPath, wish);
  const Result<Opened> file = co_await client->Do(std::move(open), client);
  if (Failed(client, file.status(), "open")) co_return;
  for (uint32_t step = 0; step < steps && !client->dead() && !client->doubtful; ++step) {
    switch (world_.dice.Below(8)) {
      case 0:
        co_await Cut(client, *file);
        break;
      case 1:
      case 2:
      case 3:
        co_await Read(client, *file, kPages[world_.dice.Below(kPages.size())]);
        break;
      default:
        co_await Write(client, *file);
    }
  }
  Task<Status> close = client->core.closer().Close(*file);
  const Status closed = co_await client->Do(std::move(close), client);
  (void)Failed(client, closed, "close");
}

// Some neighbouring parts of a page; together up to all of it. Writes over a page's end are of two pages, each for itself.
Task<void> SharedFile::Write(SimClientPtr client, Opened file) {
  const uint64_t first = world_.dice.Below(kParts), count = 1 + world_.dice.Below(kParts);
  const uint32_t page = kPages[world_.dice.Below(kPages.size())];
  const uint64_t value = ++values_;
  const auto data = std::make_shared<std::vector<uint8_t>>(count * kPartBytes);
  for (size_t at = 0; at < data->size(); at += 8) std::memcpy(data->data() + at, &value, 8);
  std::vector<std::shared_ptr<Operation>> operations;
  for (uint64_t part = first; part < first + count; ++part) {
    if (operations.empty() || part == kParts) {
      operations.push_back(std::make_shared<Operation>());
      Operation& one = *operations.back();
      one.client = client;
      one.begin = Now();
      one.kind = Operation::Kind::kWrite;
      one.page = page + static_cast<uint32_t>(part / kParts);
      one.value = value;
    }
    operations.back()->parts[part % kParts] = true;
  }
  round_.insert(round_.end(), operations.begin(), operations.end());
  const Status status = co_await client->Do(file->Write(page * kPageBytes + first * kPartBytes, *data), Both(file, data));
  if (Failed(client, status, "write " + std::to_string(value) + " to page " + std::to_string(page))) co_return;
  for (const auto& one : operations) one->end = Now();
}

Task<void> SharedFile::Cut(SimClientPtr client, Opened file) {
  const uint32_t keep = kPages[world_.dice.Below(kPages.size())];  // pages
  std::vector<std::shared_ptr<Operation>> operations;
  for (uint32_t page = keep; page <= kPages.back() + 1; ++page) {
    operations.push_back(std::make_shared<Operation>());
    operations.back()->client = client;
    operations.back()->begin = Now();
    operations.back()->kind = Operation::Kind::kCut;
    operations.back()->page = page;
  }
  round_.insert(round_.end(), operations.begin(), operations.end());
  const Status status = co_await client->Do(file->Truncate(keep * kPageBytes), file);
  if (Failed(client, status, "cut to " + std::to_string(keep) + " pages")) co_return;
  for (const auto& one : operations) one->end = Now();
}

Task<void> SharedFile::Read(SimClientPtr client, Opened file, uint32_t page) {
  const auto operation = std::make_shared<Operation>();
  operation->client = client;
  operation->begin = Now();
  operation->page = page;
  if (!co_await ReadPage(client, file, page, &operation->found)) co_return;
  operation->end = Now();
  round_.push_back(operation);
}

Task<bool> SharedFile::ReadPage(SimClientPtr client, Opened file, uint32_t page, Values* values) {
  const auto out = std::make_shared<std::vector<uint8_t>>(kPageBytes);
  const Result<size_t> got = co_await client->Do(file->Read(page * kPageBytes, *out), Both(file, out));
  if (Failed(client, got.status(), "read page " + std::to_string(page))) co_return false;
  std::fill(out->begin() + static_cast<ptrdiff_t>(*got), out->end(), 0);
  for (size_t part = 0; part < kParts; ++part) {
    const uint8_t* bytes = out->data() + part * kPartBytes;
    std::memcpy(&(*values)[part], bytes, 8);
    EXPECT_EQ(std::memcmp(bytes, bytes + 8, kPartBytes - 8), 0)
        << "shared file, page " << page << ", part " << part << ": the parts of two writes";
  }
  co_return true;
}

Happened SharedFile::AsHappened(const Operation& operation) {
  // What a client that died or missed the recovery had been answered may be lost; what others have seen may not.
  const bool lives = operation.client == nullptr || (!operation.client->dead() && !operation.client->doubtful);
  Happened happened{.begin = operation.begin, .end = operation.end, .must = lives && operation.end != kNeverEnded};
  if (!happened.must) happened.end = kNeverEnded;
  const std::string who = operation.client == nullptr ? "at rest" : operation.client->name();
  switch (operation.kind) {
    case Operation::Kind::kWrite:
      happened.text = who + " writes " + std::to_string(operation.value) + " to";
      for (size_t part = 0; part < kParts; ++part) {
        if (operation.parts[part]) happened.text += " " + std::to_string(part);
      }
      happened.apply = [operation](std::string& state) {
        for (size_t part = 0; part < kParts; ++part) {
          if (operation.parts[part]) std::memcpy(state.data() + part * 8, &operation.value, 8);
        }
        return true;
      };
      break;
    case Operation::Kind::kCut:
      happened.text = who + " cuts";
      happened.apply = [](std::string& state) {
        std::fill(state.begin(), state.end(), 0);
        return true;
      };
      break;
    case Operation::Kind::kRead:
      happened.text = who + " reads";
      for (const uint64_t value : operation.found) happened.text += " " + std::to_string(value);
      happened.apply = [operation](std::string& state) { return state == StateOf(operation.found); };
      break;
  }
  return happened;
}

void SharedFile::CheckPage(uint32_t page) {
  std::vector<Happened> history;
  for (const auto& operation : round_) {
    if (operation->page != page) continue;
    // What somebody read who died is not known to anybody.
    Happened happened = AsHappened(*operation);
    if (operation->kind == Operation::Kind::kRead && !happened.must) continue;
    history.push_back(std::move(happened));
  }
  EXPECT_TRUE(Linearizable(history, StateOf(at_rest_[page])))
      << "shared file, page " << page << " began with " << at_rest_[page][0] << " " << at_rest_[page][1] << " "
      << at_rest_[page][2] << " " << at_rest_[page][3] << "; this cannot be:\n" << HistoryText(history);
}

Task<void> SharedFile::Verify(SimClientPtr client) {
  if (!made_) co_return;
  const FileOpener::Wish wish;
  Task<Result<Opened>> open = client->core.opener().Open(kPath, wish);
  const Result<Opened> file = co_await client->Do(std::move(open), client);
  EXPECT_TRUE(file.ok()) << "shared file: " << file.status().ToString();
  if (!file.ok()) co_return;
  for (uint32_t page = 0; page <= kPages.back() + 1; ++page) {
    const auto operation = std::make_shared<Operation>();
    operation->begin = Now();
    operation->page = page;
    if (!co_await ReadPage(client, *file, page, &operation->found)) {
      // A flipped bit: nobody knows what was there. The page is made anew.
      round_.clear();
      made_ = false;
      break;
    }
    operation->end = Now();
    round_.push_back(operation);
    CheckPage(page);
    at_rest_[page] = operation->found;
  }
  round_.clear();
  Task<Status> close = client->core.closer().Close(*file);
  (void)co_await client->Do(std::move(close), client);
}

Task<void> SharedFile::Clear(SimClientPtr client) {
  Task<Status> remove = client->core.names().Unlink(kPath, false);
  const Status removed = co_await client->Do(std::move(remove), client);
  EXPECT_TRUE(removed.ok()) << removed.ToString();
}

}  // namespace nacre::sim
