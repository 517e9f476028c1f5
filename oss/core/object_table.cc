#include "oss/core/object_table.h"

#include <algorithm>
#include <optional>
#include <string>

namespace nacre {
namespace {

// What the store says of an object.
struct LoadedObject {
  bool exists = false;
  bool destroyed = false;
  ObjectRow row;
  std::vector<std::pair<uint64_t, std::vector<SlotSpan>>> chunks;  // when scanned
};

std::vector<SlotSpan> SpansOf(const Chunk& chunk) {
  std::vector<SlotSpan> spans;
  for (uint32_t i = 0; i < chunk.size(); ++i) {
    const StoredPage page = chunk.Get(i);
    if (!page.hole()) AppendSpan(spans, {page.slot, 1});
  }
  return spans;
}

Status ScanChunks(KvStore& kv, const ObjectId& id, LoadedObject& loaded) {
  const std::string object_key = ObjectKey(id);
  std::unique_ptr<KvCursor> at = kv.Seek(kChunkFamily, object_key);
  uint64_t number = 0;
  for (; at->Valid() && ParseChunkKey(at->key(), object_key, number); at->Next()) {
    Result<Chunk> chunk = Chunk::Decode(at->value());
    if (!chunk.ok()) return chunk.status().With("object " + ToString(id));
    loaded.chunks.emplace_back(number, SpansOf(*chunk));
  }
  return at->status();
}

Result<LoadedObject> ReadObject(KvStore& kv, const ObjectId& id, bool scan) {
  LoadedObject loaded;
  const std::string key = ObjectKey(id);
  Result<std::optional<std::string>> row = kv.Get(kObjectFamily, key);
  if (!row.ok()) return row.status();
  if (row->has_value()) {
    Result<ObjectRow> decoded = DecodeObjectRow(**row);
    if (!decoded.ok()) return decoded.status().With("object " + ToString(id));
    loaded.exists = true;
    loaded.row = *decoded;
    if (scan) NACRE_RETURN_IF_ERROR(ScanChunks(kv, id, loaded));
    return loaded;
  }
  Result<std::optional<std::string>> tombstone = kv.Get(kTombstoneFamily, key);
  if (!tombstone.ok()) return tombstone.status();
  loaded.destroyed = tombstone->has_value();
  return loaded;
}

Result<std::vector<std::pair<uint64_t, Chunk>>> ReadChunks(KvStore& kv, const ObjectId& id,
                                                           const std::vector<uint64_t>& numbers) {
  std::vector<std::pair<uint64_t, Chunk>> chunks;
  for (uint64_t number : numbers) {
    Result<std::optional<std::string>> row = kv.Get(kChunkFamily, ChunkKey(id, number));
    if (!row.ok()) return row.status();
    if (!row->has_value()) {
      chunks.emplace_back(number, Chunk());
      continue;
    }
    Result<Chunk> chunk = Chunk::Decode(**row);
    if (!chunk.ok()) return chunk.status().With("object " + ToString(id) + " chunk " + std::to_string(number));
    chunks.emplace_back(number, std::move(*chunk));
  }
  return chunks;
}

}  // namespace

ObjectUse ObjectTable::Enter(const ObjectId& id) {
  ObjectPtr& object = objects_[id];
  if (!object) {
    object = std::make_shared<Object>(id);
    object->place_in_order = order_.insert(order_.end(), object.get());
  } else {
    order_.splice(order_.end(), order_, object->place_in_order);
  }
  return ObjectUse(object);
}

const Object* ObjectTable::Peek(const ObjectId& id) const {
  const auto it = objects_.find(id);
  return it != objects_.end() && it->second->loaded ? it->second.get() : nullptr;
}

Task<Status> ObjectTable::Load(Object& object, Purpose purpose) {
  const bool scan = purpose == Purpose::kChange;
  if (object.loaded && (!scan || object.scanned)) co_return Status::Ok();
  co_await Hop(io_);
  Result<LoadedObject> read = ReadObject(kv_, object.id, scan);
  co_await Hop(strand_);
  if (!read.ok()) co_return read.status();
  if (!object.loaded) {  // two readers may load at the same time
    object.loaded = true;
    object.exists = read->exists;
    object.destroyed = read->destroyed;
    object.row = read->row;
  }
  if (!scan) co_return Status::Ok();
  object.scanned = true;
  for (const auto& [number, spans] : read->chunks) {
    object.stored_chunks.Add(number, 1);
    for (SlotSpan span : spans) object.slots.MarkUsed(span);
  }
  co_return Status::Ok();
}

Task<Status> ObjectTable::LoadChunks(Object& object, uint64_t first_page, uint64_t page_count, ChunkPins& pins) {
  if (page_count == 0) co_return Status::Ok();
  const uint64_t first = first_page / kChunkPages;
  const uint64_t last = (first_page + page_count - 1) / kChunkPages;
  std::vector<uint64_t> missing;
  object.chunks_stay_until = 0;  // those that come in may go at once
  for (uint64_t number = first; number <= last; ++number) {
    if (object.chunks.contains(number)) continue;
    const bool no_row = object.scanned ? !object.stored_chunks.Contains(number) : !object.exists;
    if (no_row) {
      object.chunks.try_emplace(number);
      ++chunk_count_;
    } else {
      missing.push_back(number);
    }
  }
  // Pinned at once, so that nothing found here goes while the others are read.
  for (uint64_t number = first; number <= last; ++number) {
    auto it = object.chunks.find(number);
    if (it != object.chunks.end()) pins.Add(it->second);
  }
  if (missing.empty()) co_return Status::Ok();
  co_await Hop(io_);
  Result<std::vector<std::pair<uint64_t, Chunk>>> read = ReadChunks(kv_, object.id, missing);
  co_await Hop(strand_);
  if (!read.ok()) co_return read.status();
  object.chunks_stay_until = 0;
  for (auto& [number, chunk] : *read) {
    auto [it, added] = object.chunks.try_emplace(number, std::move(chunk));
    if (added) ++chunk_count_;
    pins.Add(it->second);
  }
  co_return Status::Ok();
}

Task<Result<ObjectTable::StoredSpans>> ObjectTable::ReadStoredSpans(Object& object, uint64_t first_chunk,
                                                                    uint64_t end_chunk) {
  StoredSpans out;
  for (uint64_t at = first_chunk; at < end_chunk;) {
    const uint64_t gap = object.stored_chunks.RunOutside(at, end_chunk - at);
    at += gap;
    const uint64_t run = at < end_chunk ? object.stored_chunks.RunInside(at, end_chunk - at) : 0;
    for (uint64_t number = at; number < at + run; ++number) {
      if (!object.chunks.contains(number)) out.chunks.push_back(number);
    }
    at += run;
  }
  if (out.chunks.empty()) co_return out;
  co_await Hop(io_);
  Status status;
  for (uint64_t number : out.chunks) {
    const std::vector<uint64_t> one = {number};
    Result<std::vector<std::pair<uint64_t, Chunk>>> read = ReadChunks(kv_, object.id, one);
    if (!read.ok()) {
      status = read.status();
      break;
    }
    for (SlotSpan span : SpansOf(read->front().second)) {
      AppendSpan(out.spans, span);
      out.pages += span.count;
    }
  }
  co_await Hop(strand_);
  if (!status.ok()) co_return status;
  co_return out;
}

// False: something of it has to stay, so it does too.
bool ObjectTable::DropChunks(Object& object, uint64_t stable_batch) {
  // Thousands of chunks under one object, all changed, are not walked again for each request until a batch ends.
  if (stable_batch < object.chunks_stay_until) return false;
  bool pinned = false;
  for (auto it = object.chunks.begin(); it != object.chunks.end();) {
    const Chunk& chunk = it->second;
    if (chunk.dirty || chunk.pins > 0 || chunk.batch > stable_batch) {
      pinned |= chunk.pins > 0;
      ++it;
      continue;
    }
    it = object.chunks.erase(it);
    --chunk_count_;
  }
  if (!object.chunks.empty() && !pinned) object.chunks_stay_until = stable_batch + 1;
  return object.chunks.empty() && !object.dirty && object.users == 0 && object.batch <= stable_batch;
}

void ObjectTable::Trim(uint64_t stable_batch) {
  if (chunk_count_ <= limits_.chunks_max && objects_.size() <= limits_.objects_max) return;
  constexpr int kKeptMax = 64;  // bounds what one request pays when nothing can go
  const size_t chunks_wanted = limits_.chunks_max / 8 * 7;
  const size_t objects_wanted = limits_.objects_max / 8 * 7;
  auto it = order_.begin();
  for (int kept = 0; it != order_.end() && kept < kKeptMax;) {
    if (chunk_count_ <= chunks_wanted && objects_.size() <= objects_wanted) return;
    Object& object = **it;
    ++it;
    if (!DropChunks(object, stable_batch)) {
      ++kept;
      continue;
    }
    order_.erase(object.place_in_order);
    objects_.erase(object.id);
  }
}

}  // namespace nacre
