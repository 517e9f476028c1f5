#include "mds/core/fsck/counters.h"

#include "mds/core/fsck/gather.h"
#include "mds/core/key_schema.h"

namespace nacre {
namespace {

constexpr size_t kCountedAtOnce = 2000;

Result<CounterFacts> Stated(Core& core, const Fid& directory) {
  CounterFacts facts{.fid = directory};
  auto value = core.kv.Get(kDirstatFamily, FidKey(directory));
  if (!value.ok()) return value.status().With("counters of " + ToString(directory));
  if (!value->has_value()) return facts;
  const std::optional<Dirstat> stated = DecodeDirstat(**value);
  facts.reads = stated.has_value();
  if (stated) facts.stated = *stated;
  return facts;
}

void Count(const KvCursor& entry, CounterFacts& facts) {
  if (entry.key().size() != kFidBytes + 8) return;  // no entry, whatever it is
  ++facts.entries;
  rows::DirentRow row;
  const bool reads = row.ParseFromArray(entry.value().data(), static_cast<int>(entry.value().size()));
  if (reads && row.type() == v1::FILE_TYPE_DIRECTORY) ++facts.subdirectories;
}

}  // namespace

Task<Result<std::optional<CounterFacts>>> CountEntries(Core& core, Fid directory) {
  Gatherer gatherer(core);
  auto inode = gatherer.Find(directory);
  if (!inode.ok()) co_return inode.status();
  if (!IsDirectory((*inode)->row)) co_return std::optional<CounterFacts>();
  auto facts = Stated(core, directory);
  if (!facts.ok()) co_return facts.status();
  const std::string prefix = FidKey(directory);
  auto cursor = core.kv.Seek(kDirentFamily, prefix);
  for (size_t counted = 1; cursor->Valid() && cursor->key().starts_with(prefix); ++counted, cursor->Next()) {
    Count(*cursor, *facts);
    // By a timer: a hop onto the strand would go on at once, on the thread that others wait for.
    if (counted % kCountedAtOnce == 0) co_await Sleep(core.timers, core.strand, Duration(0));
  }
  NACRE_CO_RETURN_IF_ERROR(cursor->status().With("entries of " + ToString(directory)));
  co_return std::optional<CounterFacts>(*facts);
}

}  // namespace nacre
