#include "tests/sim/shared_names.h"

#include <cstdio>
#include <cstring>
#include <set>

namespace nacre::sim {
namespace {

const std::string kDirectory = "/d/" + kCanary + "-names";
const std::string kLog = "/d/" + kCanary + "-log";
constexpr size_t kRecordBytes = 100;
constexpr char kUnknown = '\x7f';  // made, but its create was never answered

std::vector<uint8_t> RecordBytes(uint64_t number) {
  std::vector<uint8_t> bytes(kRecordBytes, '.');
  std::snprintf(reinterpret_cast<char*>(bytes.data()), kRecordBytes, "%s record %08llu", kCanary.c_str(),
                static_cast<unsigned long long>(number));
  return bytes;
}

}  // namespace

std::string SharedNames::PathOf(size_t name) const { return kDirectory + "/" + std::string(1, static_cast<char>('a' + name)); }

Task<void> SharedNames::Make(SimClientPtr client) {
  Task<Status> make = client->core.names().MakeDirectory(kDirectory, 0755, false);
  const Status status = co_await client->Do(std::move(make), client);
  EXPECT_TRUE(status.ok()) << status.ToString();
  made_ = co_await world_.MakeFile(client, kLog, 1);
}

bool SharedNames::Failed(const SimClientPtr& client, const Status& status, const std::string& what) {
  return world_.Failed(*client, status, "shared names, " + what);
}

Task<void> SharedNames::Work(SimClientPtr client, uint32_t steps) {
  bool goes_on = made_;
  for (uint32_t step = 0; step < std::min(steps, 12U) && goes_on && !client->doubtful; ++step) {
    switch (world_.dice.Below(6)) {
      case 0:
        goes_on = co_await Create(client);
        break;
      case 1:
        goes_on = co_await Unlink(client);
        break;
      case 2:
        goes_on = co_await Rename(client);
        break;
      case 3:
        goes_on = co_await Append(client);
        break;
      default:
        goes_on = co_await Lookup(client);
    }
  }
}

SharedNames::OperationPtr SharedNames::Begin(const SimClientPtr& client, Operation::Kind kind) {
  auto operation = std::make_shared<Operation>();
  operation->client = client;
  operation->begin = Now();
  operation->kind = kind;
  operation->name = world_.dice.Below(kNames);
  operation->to = world_.dice.Below(kNames);
  round_.push_back(operation);
  return operation;
}

bool SharedNames::End(const OperationPtr& operation, const Status& status, Code other, const std::string& what) {
  operation->answer = status.code();
  if (status.code() != other && Failed(operation->client, status, what)) return false;
  if (operation->client->dead()) return false;
  operation->end = Now();
  return true;
}

uint8_t SharedNames::NumberOf(const v1::Inode& inode) {
  const auto known = numbers_.find(inode.fid().SerializeAsString());
  return known == numbers_.end() ? static_cast<uint8_t>(kUnknown) : known->second;
}

Task<bool> SharedNames::Create(SimClientPtr client) {
  const OperationPtr operation = Begin(client, Operation::Kind::kCreate);
  FileOpener::Wish wish;
  wish.write = wish.create = wish.exclusive = true;
  Task<Result<Opened>> open = client->core.opener().Open(PathOf(operation->name), wish);
  const Result<Opened> file = co_await client->Do(std::move(open), client);
  if (!End(operation, file.status(), Code::kExists, "create")) co_return false;
  if (!file.ok()) co_return true;
  operation->file = ++files_;
  numbers_[(*file)->Inode().fid().SerializeAsString()] = operation->file;
  Task<Status> close = client->core.closer().Close(*file);
  const Status closed = co_await client->Do(std::move(close), client);
  co_return !Failed(client, closed, "close");
}

Task<bool> SharedNames::Unlink(SimClientPtr client) {
  const OperationPtr operation = Begin(client, Operation::Kind::kUnlink);
  Task<Status> task = client->core.names().Unlink(PathOf(operation->name), false);
  const Status status = co_await client->Do(std::move(task), client);
  co_return End(operation, status, Code::kNotFound, "unlink");
}

Task<bool> SharedNames::Rename(SimClientPtr client) {
  const OperationPtr operation = Begin(client, Operation::Kind::kRename);
  Task<Status> task = client->core.names().Rename(PathOf(operation->name), PathOf(operation->to), false, false);
  const Status status = co_await client->Do(std::move(task), client);
  co_return End(operation, status, Code::kNotFound, "rename");
}

Task<bool> SharedNames::Lookup(SimClientPtr client) {
  const OperationPtr operation = Begin(client, Operation::Kind::kLookup);
  Task<Result<v1::Inode>> task = client->core.names().Find(PathOf(operation->name), Namespace::Last::kLookUp);
  const Result<v1::Inode> inode = co_await client->Do(std::move(task), client);
  if (!End(operation, inode.status(), Code::kNotFound, "lookup")) co_return false;
  // The create that made it may be answered later than this: which file it was is asked at the end.
  if (inode.ok()) operation->file = NumberOf(*inode);
  co_return true;
}

Task<bool> SharedNames::Append(SimClientPtr client) {
  auto record = std::make_shared<Record>();
  record->client = client;
  record->number = records_.size() + 1;
  records_.push_back(record);
  FileOpener::Wish wish;
  wish.write = true;
  Task<Result<Opened>> open = client->core.opener().Open(kLog, wish);
  const Result<Opened> file = co_await client->Do(std::move(open), client);
  if (Failed(client, file.status(), "open the log")) co_return false;
  const auto data = std::make_shared<std::vector<uint8_t>>(RecordBytes(record->number));
  const Result<uint64_t> at = co_await client->Do((*file)->Append(*data), Both(*file, data));
  if (Failed(client, at.status(), "append " + std::to_string(record->number))) co_return false;
  record->at = *at;
  Task<Status> close = client->core.closer().Close(*file);
  const Status closed = co_await client->Do(std::move(close), client);
  record->answered = closed.ok();
  co_return !Failed(client, closed, "close the log");
}

// A state is one byte a name: the file it names, 0 for none.
Happened SharedNames::AsHappened(const Operation& operation) const {
  const bool lives = operation.client == nullptr || (!operation.client->dead() && !operation.client->doubtful);
  Happened happened{.begin = operation.begin, .end = operation.end, .must = lives && operation.end != kNeverEnded};
  if (!happened.must) happened.end = kNeverEnded;
  const std::string who = operation.client == nullptr ? "at rest" : operation.client->name();
  const auto same = [](char is, uint8_t file) {
    return is == static_cast<char>(file) || is == kUnknown || static_cast<char>(file) == kUnknown;
  };
  const bool known = happened.must;
  happened.text = who + " name " + std::to_string(operation.name) + ": ";
  switch (operation.kind) {
    case Operation::Kind::kCreate:
      happened.text += "create " + std::to_string(operation.file) + " " + std::string(CodeName(operation.answer));
      happened.apply = [operation, known](std::string& state) {
        char& there = state[operation.name];
        if (known && operation.answer == Code::kExists) return there != 0;
        if (there != 0) return !known;
        there = operation.file == 0 ? kUnknown : static_cast<char>(operation.file);
        return true;
      };
      break;
    case Operation::Kind::kUnlink:
      happened.text += "unlink " + std::string(CodeName(operation.answer));
      happened.apply = [operation, known](std::string& state) {
        char& there = state[operation.name];
        if (known && (there == 0) != (operation.answer == Code::kNotFound)) return false;
        there = 0;
        return true;
      };
      break;
    case Operation::Kind::kRename:
      happened.text += "rename to " + std::to_string(operation.to) + " " + std::string(CodeName(operation.answer));
      happened.apply = [operation, known](std::string& state) {
        const char moved = state[operation.name];
        if (known && (moved == 0) != (operation.answer == Code::kNotFound)) return false;
        if (moved == 0 || operation.name == operation.to) return true;
        state[operation.name] = 0;
        state[operation.to] = moved;
        return true;
      };
      break;
    case Operation::Kind::kLookup:
      happened.text += "lookup: " + (operation.answer == Code::kOk ? std::to_string(operation.file) : "nothing");
      happened.apply = [operation, same](std::string& state) {
        const char there = state[operation.name];
        if (operation.answer == Code::kNotFound) return there == 0;
        return there != 0 && same(there, operation.file);
      };
      break;
  }
  return happened;
}

Task<void> SharedNames::Verify(SimClientPtr client) {
  if (!made_) co_return;
  co_await VerifyNames(client);
  co_await VerifyRecords(client);
}

Task<void> SharedNames::VerifyNames(SimClientPtr client) {
  for (size_t name = 0; name < kNames; ++name) {
    const auto operation = std::make_shared<Operation>();
    operation->begin = Now();
    operation->name = name;
    Task<Result<v1::Inode>> task = client->core.names().Find(PathOf(name), Namespace::Last::kLookUp);
    const Result<v1::Inode> inode = co_await client->Do(std::move(task), client);
    EXPECT_TRUE(inode.ok() || inode.code() == Code::kNotFound) << inode.status().ToString();
    if (inode.ok()) {
      EXPECT_EQ(inode->attr().nlink(), 1U);
      operation->file = NumberOf(*inode);
      if (operation->file == static_cast<uint8_t>(kUnknown)) {
        operation->file = ++files_;
        numbers_[inode->fid().SerializeAsString()] = operation->file;
      }
    }
    operation->answer = inode.code();
    operation->end = Now();
    round_.push_back(operation);
  }
  std::vector<Happened> history;
  for (const OperationPtr& operation : round_) {
    Happened happened = AsHappened(*operation);
    if (operation->kind == Operation::Kind::kLookup && !happened.must) continue;
    history.push_back(std::move(happened));
  }
  EXPECT_TRUE(Linearizable(history, at_rest_)) << "shared names cannot have been so:\n" << HistoryText(history);
  for (size_t name = 0; name < kNames; ++name) {
    const Operation& seen = *round_[round_.size() - kNames + name];
    at_rest_[name] = seen.answer == Code::kOk ? static_cast<char>(seen.file) : '\0';
  }
  round_.clear();
}

Task<void> SharedNames::VerifyRecords(SimClientPtr client) {
  if (records_lost_) co_return;
  const FileOpener::Wish wish;
  Task<Result<Opened>> open = client->core.opener().Open(kLog, wish);
  const Result<Opened> file = co_await client->Do(std::move(open), client);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  if (!file.ok()) co_return;
  const auto out = std::make_shared<std::vector<uint8_t>>(1 << 20);
  const Result<size_t> got = co_await client->Do((*file)->Read(0, *out), Both(*file, out));
  Task<Status> close = client->core.closer().Close(*file);
  (void)co_await client->Do(std::move(close), client);
  if (!got.ok()) {
    EXPECT_GT(world_.flips, 0U) << "the log: " << got.status().ToString();
    records_lost_ = true;
    co_return;
  }
  EXPECT_EQ(*got % kRecordBytes, 0U) << "the log has half a record";
  std::map<std::vector<uint8_t>, std::vector<uint64_t>> places;
  for (size_t at = 0; at + kRecordBytes <= *got; at += kRecordBytes) {
    const auto begin = out->begin() + static_cast<ptrdiff_t>(at);
    places[std::vector<uint8_t>(begin, begin + kRecordBytes)].push_back(at);
  }
  for (const std::shared_ptr<Record>& record : records_) {
    const std::vector<uint64_t> found = places[RecordBytes(record->number)];
    places.erase(RecordBytes(record->number));
    EXPECT_LE(found.size(), 1U) << "record " << record->number << " was appended twice";
    const bool lives = !record->client->dead() && !record->client->doubtful;
    if (record->seen || (record->answered && lives)) {
      EXPECT_EQ(found.size(), 1U) << "record " << record->number << " of " << record->client->name() << " is lost";
    }
    if (!found.empty()) {
      record->seen = true;
      EXPECT_TRUE(!record->answered || found[0] == record->at) << "record " << record->number << " lies elsewhere";
    }
  }
  // A replay that found no room leaves a hole; its client was told.
  if (world_.full_disks > 0) places.erase(std::vector<uint8_t>(kRecordBytes));
  EXPECT_TRUE(places.empty()) << places.size() << " records in the log that nobody appended, the first at "
                              << (places.empty() ? 0 : places.begin()->second[0]);
}

Task<void> SharedNames::Clear(SimClientPtr client) {
  for (const std::string& path : {kDirectory, kLog}) {
    Task<Status> remove = client->core.removal().Remove(path);
    const Status removed = co_await client->Do(std::move(remove), client);
    EXPECT_TRUE(removed.ok()) << removed.ToString();
  }
}

}  // namespace nacre::sim
