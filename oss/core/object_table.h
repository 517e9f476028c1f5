// ObjectTable: the objects in memory, loaded from the store when asked for, dropped again when nothing depends on them.
// What was changed since the last stable batch, or is in use, stays. One strand; the store is read on the io executor.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "common/base/executor.h"
#include "common/base/status.h"
#include "common/base/task.h"
#include "common/kv/kv_store.h"
#include "oss/core/object.h"

namespace nacre {

struct ObjectCacheLimits {
  size_t chunks_max = 8192;  // 4 KiB each when full
  size_t objects_max = 16384;
};

// Keeps an object in memory while it lives. On the strand.
class ObjectUse {
 public:
  explicit ObjectUse(ObjectPtr object) : object_(std::move(object)) { ++object_->users; }
  ObjectUse(ObjectUse&& other) noexcept = default;
  ObjectUse& operator=(ObjectUse&&) = delete;
  ~ObjectUse() {
    if (object_) --object_->users;
  }
  Object& operator*() const { return *object_; }
  Object* operator->() const { return object_.get(); }
  const ObjectPtr& pointer() const { return object_; }

 private:
  ObjectPtr object_;
};

// Keeps chunks of an object in memory while it lives; the object must be in use for as long. On the strand.
class ChunkPins {
 public:
  ChunkPins() = default;
  ChunkPins(ChunkPins&& other) noexcept : chunks_(std::exchange(other.chunks_, {})) {}
  ChunkPins& operator=(ChunkPins&& other) noexcept {
    std::swap(chunks_, other.chunks_);
    return *this;
  }
  ~ChunkPins() {
    for (Chunk* chunk : chunks_) --chunk->pins;
  }
  void Add(Chunk& chunk) {
    ++chunk.pins;
    chunks_.push_back(&chunk);
  }

 private:
  std::vector<Chunk*> chunks_;
};

class ObjectTable {
 public:
  ObjectTable(Executor& strand, Executor& io, KvStore& kv, ObjectCacheLimits limits)
      : strand_(strand), io_(io), kv_(kv), limits_(limits) {}

  ObjectUse Enter(const ObjectId& id);
  // What is in memory of it and loaded; null: the store tells all there is.
  const Object* Peek(const ObjectId& id) const;

  // kChange also learns the object's slots and chunk rows, by one walk over its rows: the price of the first change after
  // it was loaded.
  enum class Purpose { kRead, kChange };
  Task<Status> Load(Object& object, Purpose purpose);

  // Has the chunks of pages [first_page, first_page + page_count) in memory, empty ones included.
  Task<Status> LoadChunks(Object& object, uint64_t first_page, uint64_t page_count, ChunkPins& pins);

  // What the store holds of whole chunks [first, end) that are not in memory: for dropping them unseen.
  struct StoredSpans {
    std::vector<uint64_t> chunks;
    std::vector<SlotSpan> spans;
    uint64_t pages = 0;
  };
  Task<Result<StoredSpans>> ReadStoredSpans(Object& object, uint64_t first_chunk, uint64_t end_chunk);

  // Drops what is over the limits, the longest unused first, however much a request brought in; gives up after a few that
  // have to stay. stable_batch: everything in batches up to it is in the store.
  void Trim(uint64_t stable_batch);

  size_t object_count() const { return objects_.size(); }
  size_t chunk_count() const { return chunk_count_; }

 private:
  bool DropChunks(Object& object, uint64_t stable_batch);

  Executor& strand_;
  Executor& io_;
  KvStore& kv_;
  const ObjectCacheLimits limits_;
  std::map<ObjectId, ObjectPtr> objects_;
  std::list<Object*> order_;  // longest unused first
  size_t chunk_count_ = 0;
};

}  // namespace nacre
