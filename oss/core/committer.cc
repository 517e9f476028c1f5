#include "oss/core/committer.h"

#include "common/base/check.h"
#include "common/base/planted_bug.h"

namespace nacre {
namespace {
// An object that is written all the time has its freed slots used again; giving them back pays from here on.
constexpr uint64_t kStaleSlotsBusyMax = 4096;
}  // namespace

Committer::Committer(Parts parts, uint64_t boot_count, CommitterOptions options)
    : strand_(parts.strand),
      io_(parts.io),
      kv_(parts.kv),
      device_(parts.device),
      space_(parts.space),
      fatal_(std::move(parts.fatal)),
      options_(options),
      timer_(parts.timers, parts.io, parts.strand),
      transnos_(Planted(PlantedBug::kTransnosBeginAnew) ? 1 : boot_count),
      queue_(*strand_) {
  queue_.Advance(transnos_.last());  // what earlier lives left is stable, or gone
  frozen_up_to_ = transnos_.last();
}

Transno Committer::Changed(const ObjectPtr& object, uint64_t session, uint64_t data_bytes) {
  const Transno transno = transnos_.Next();
  authors_.Add(transno, session);
  object->last_change = transno;
  if (!object->dirty) {
    object->dirty = true;
    dirty_objects_.push_back(object);
  }
  data_bytes_ += data_bytes;
  if (data_bytes_ >= options_.commit_bytes) {
    Begin();
  } else {
    SetTimer();
  }
  return transno;
}

void Committer::PutRow(KvFamily family, std::string key, std::string value) {
  rows_.insert_or_assign({family, std::move(key)}, std::move(value));
  SetTimer();
}

void Committer::DeleteRow(KvFamily family, std::string key) {
  rows_.insert_or_assign({family, std::move(key)}, std::nullopt);
  SetTimer();
}

Transno Committer::RowsChanged() {
  const Transno transno = transnos_.Next();
  authors_.Add(transno, kNobody);
  SetTimer();
  return transno;
}

void Committer::SetTimer() {
  if (timer_set_) return;
  timer_set_ = true;
  timer_.After(options_.interval, [this] {
    timer_set_ = false;
    Begin();
  });
}

Task<void> Committer::CommitUpTo(Transno transno) {
  if (transno <= queue_.stable()) co_return;
  if (transno > frozen_up_to_) Begin();
  co_await queue_.Stable(transno);
}

Task<void> Committer::WaitForRoom() {
  while (data_bytes_ + frozen_data_bytes_ >= options_.dirty_bytes_max) {
    const Transno transno = running_ && frozen_up_to_ > queue_.stable() ? frozen_up_to_ : transnos_.last();
    co_await CommitUpTo(transno);
  }
}

Task<void> Committer::Stop() {
  co_await CommitUpTo(transnos_.last());
  if (!rows_.empty()) Begin();
  timer_.Stop();
  co_await tasks_.Drained();
  co_await Hop(*strand_);
}

void Committer::Begin() {
  wanted_ = true;
  if (running_) return;
  running_ = true;
  tasks_.Start(Run());
}

Task<void> Committer::Run() {
  co_await Hop(*strand_);  // what is being changed at this moment belongs in
  while (wanted_) {
    wanted_ = false;
    Batch batch = Freeze();
    if (!batch.rows.empty()) {
      co_await Hop(io_);
      const Status status = co_await MakeStable(batch);
      if (!status.ok() && !Planted(PlantedBug::kFailedSyncIgnored)) {
        fatal_(status.With("making batch " + std::to_string(batch.number) + " stable"));
        co_return;
      }
      co_await Hop(*strand_);
    }
    Finish(batch);
    co_await CleanUp(batch);
  }
  running_ = false;
}

Task<Status> Committer::MakeStable(const Batch& batch) {
  const Status synced = co_await device_.Sync();
  if (!synced.ok()) co_return synced;
  co_return kv_.Apply(batch.rows, KvStore::Durability::kSynced);
}

Committer::Batch Committer::Freeze() {
  Batch batch;
  batch.number = ++batch_number_;
  batch.up_to = transnos_.last();
  frozen_up_to_ = batch.up_to;
  frozen_data_bytes_ = std::exchange(data_bytes_, 0);
  for (const ObjectPtr& object : dirty_objects_) FreezeObject(object, batch);
  dirty_objects_.clear();
  for (auto& [key, value] : rows_) {
    if (value) {
      batch.rows.Put(key.first, key.second, std::move(*value));
    } else {
      batch.rows.Delete(key.first, key.second);
    }
  }
  rows_.clear();
  return batch;
}

void Committer::FreezeObject(const ObjectPtr& object, Batch& batch) {
  const std::string key = ObjectKey(object->id);
  object->dirty = false;
  object->batch = batch.number;
  if (object->destroyed) {
    batch.rows.Put(kTombstoneFamily, key, EncodeTombstone(object->destroyed_at_wall_seconds));
    batch.rows.Delete(kObjectFamily, key);
    for (const IntervalSet* chunks : {&object->stored_chunks, &object->deleted_chunks}) {
      for (const auto& [first, count] : chunks->runs()) {
        for (uint64_t i = 0; i < count; ++i) batch.rows.Delete(kChunkFamily, ChunkKey(object->id, first + i));
      }
    }
    object->stored_chunks.clear();
    object->deleted_chunks.clear();
    object->dirty_chunks.clear();
    for (auto& [number, chunk] : object->chunks) chunk.dirty = false;
    ++object->users;
    batch.destroyed.push_back(object);
    return;
  }
  FreezeChunks(*object, batch);
  batch.rows.Put(kObjectFamily, key, EncodeObjectRow(object->row));
  if (object->pending_free.empty()) return;
  ++object->users;  // until CleanUp: dropped and loaded anew, it would hand out slots while they are punched
  batch.freed.emplace_back(object, std::exchange(object->pending_free, {}));
}

void Committer::FreezeChunks(Object& object, Batch& batch) {
  for (const auto& [first, count] : object.deleted_chunks.runs()) {
    for (uint64_t i = 0; i < count; ++i) batch.rows.Delete(kChunkFamily, ChunkKey(object.id, first + i));
  }
  object.deleted_chunks.clear();
  for (uint64_t number : object.dirty_chunks) {
    Chunk& chunk = object.chunks.at(number);
    if (chunk.stored_count() == 0) {
      if (object.stored_chunks.Contains(number)) batch.rows.Delete(kChunkFamily, ChunkKey(object.id, number));
      object.stored_chunks.Remove(number, 1);
    } else {
      batch.rows.Put(kChunkFamily, ChunkKey(object.id, number), chunk.Encode());
      object.stored_chunks.Add(number, 1);
    }
    chunk.MarkInBatch();
    chunk.dirty = false;
    chunk.batch = batch.number;
  }
  object.dirty_chunks.clear();
}

void Committer::Finish(Batch& batch) {
  stable_batch_ = batch.number;
  frozen_data_bytes_ = 0;
  for (const auto& [object, spans] : batch.freed) {
    space_.Give(SlotCount(spans));
    for (SlotSpan span : spans) object->slots.Free(span);
  }
  for (const ObjectPtr& object : batch.destroyed) {
    space_.Give(object->slots.used_count());
    object->slots = SlotMap();
  }
  authors_.Forget(batch.up_to);
  queue_.Advance(batch.up_to);
}

// Gives space back to the filesystem. Nothing refers to it any more, so a crash in between leaves only leftovers.
Task<void> Committer::CleanUp(const Batch& batch) {
  for (const ObjectPtr& object : batch.destroyed) {
    if (object->exists) {
      co_await Hop(io_);
      const Status removed = co_await device_.Remove(object->id);
      co_await Hop(*strand_);
      object->exists = !removed.ok();  // the next start removes what stayed
    }
    --object->users;
  }
  for (const auto& [object, spans] : batch.freed) {
    const bool busy = object->dirty && object->slots.stale_count() < kStaleSlotsBusyMax;
    if (!busy && !object->destroyed && object->slots.stale_count() > 0) {
      const std::vector<SlotSpan> stale = object->slots.TakeStale();
      co_await Hop(io_);
      // What could not be punched keeps its blocks until it is used again.
      const Status ignored = co_await device_.Punch(object->id, stale);
      (void)ignored;
      co_await Hop(*strand_);
      if (!object->destroyed) object->slots.Punched(stale);
    }
    --object->users;
  }
}

}  // namespace nacre
