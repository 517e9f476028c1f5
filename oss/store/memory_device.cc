#include "oss/store/memory_device.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/base/units.h"

namespace nacre {
namespace {

void SetOnce(std::mutex& mutex, std::optional<Status>& which, Status error) {
  std::lock_guard lock(mutex);
  which = std::move(error);
}

// Disks write sectors of 512 bytes; which of a page's eight made it is anybody's guess.
std::shared_ptr<const std::string> Torn(const std::string* before, const std::string* after, Random& random) {
  std::string page(kPageBytes, '\0');
  for (size_t at = 0; at < kPageBytes; at += 512) {
    const std::string* from = random.Below(2) == 0 ? before : after;
    if (from != nullptr) page.replace(at, 512, *from, at, 512);
  }
  return std::make_shared<const std::string>(std::move(page));
}

}  // namespace

Task<void> MemoryDevice::Enter() {
  if (executor_ != nullptr) co_await Hop(*executor_);
}

void MemoryDevice::PutLocked(File& file, uint32_t number, PageData data) {
  Slot& slot = file.slots[number];
  if (slot.now != nullptr) --stored_pages_;
  if (data != nullptr) ++stored_pages_;
  slot.now = std::move(data);
  slot.unsynced = true;
  file.clean = false;
}

size_t MemoryDevice::WriteLocked(const ObjectId& id, const std::vector<SlotSpan>& spans, const std::string& bytes,
                                 size_t pages_max) {
  File& file = files_[id];
  size_t done = 0;
  for (SlotSpan span : spans) {
    for (uint32_t i = 0; i < span.count; ++i, ++done) {
      if (done == pages_max || (stored_pages_ + 1) * kPageBytes > bytes_max_) return done;
      PutLocked(file, span.first + i, std::make_shared<const std::string>(bytes.substr(done * kPageBytes, kPageBytes)));
    }
  }
  return done;
}

Task<Status> MemoryDevice::Write(const ObjectId& id, const std::vector<SlotSpan>& spans,
                                 const std::vector<ByteView>& pieces) {
  co_await Enter();
  std::string bytes;
  for (ByteView piece : pieces) bytes += AsText(piece);
  std::lock_guard lock(mutex_);
  const size_t pages = bytes.size() / kPageBytes;
  if (fail_write_) {
    (void)WriteLocked(id, spans, bytes, pages / 2);
    co_return *std::exchange(fail_write_, std::nullopt);
  }
  if (WriteLocked(id, spans, bytes, pages) < pages) co_return Status(Code::kNoSpace, "the memory device is full");
  co_return Status::Ok();
}

Task<Status> MemoryDevice::Read(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) {
  co_await Enter();
  std::lock_guard lock(mutex_);
  if (fail_read_) co_return *std::exchange(fail_read_, std::nullopt);
  ReadLocked(id, spans, out);
  co_return Status::Ok();
}

bool MemoryDevice::ReadCached(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) {
  std::lock_guard lock(mutex_);
  cached_ = !cached_;
  if (!cached_ || fail_read_) return false;
  ReadLocked(id, spans, out);
  return true;
}

void MemoryDevice::ReadLocked(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) const {
  std::fill(out.begin(), out.end(), uint8_t{0});
  auto file = files_.find(id);
  if (file == files_.end()) return;
  size_t at = 0;
  for (SlotSpan span : spans) {
    for (uint32_t i = 0; i < span.count; ++i, at += kPageBytes) {
      auto slot = file->second.slots.find(span.first + i);
      if (slot == file->second.slots.end() || slot->second.now == nullptr) continue;
      std::memcpy(out.data() + at, slot->second.now->data(), kPageBytes);
    }
  }
}

Task<Status> MemoryDevice::Sync() {
  co_await Enter();
  std::lock_guard lock(mutex_);
  if (fail_sync_) co_return *std::exchange(fail_sync_, std::nullopt);
  for (auto& [id, file] : files_) {
    if (file.clean) continue;
    file.synced = true;
    file.clean = true;
    for (auto it = file.slots.begin(); it != file.slots.end();) {
      Slot& slot = it->second;
      slot.unsynced = false;
      slot.synced = slot.now;
      it = slot.now == nullptr ? file.slots.erase(it) : std::next(it);
    }
  }
  removed_.clear();
  co_return Status::Ok();
}

Task<Status> MemoryDevice::Punch(const ObjectId& id, const std::vector<SlotSpan>& spans) {
  co_await Enter();
  std::lock_guard lock(mutex_);
  auto file = files_.find(id);
  if (file == files_.end()) co_return Status::Ok();
  for (SlotSpan span : spans) {
    for (uint32_t i = 0; i < span.count; ++i) {
      if (file->second.slots.contains(span.first + i)) PutLocked(file->second, span.first + i, nullptr);
    }
  }
  co_return Status::Ok();
}

Task<Status> MemoryDevice::Remove(const ObjectId& id) {
  co_await Enter();
  std::lock_guard lock(mutex_);
  auto file = files_.find(id);
  if (file == files_.end()) co_return Status::Ok();
  for (const auto& [number, slot] : file->second.slots) stored_pages_ -= slot.now == nullptr ? 0 : 1;
  removed_[id] = std::move(file->second);
  files_.erase(file);
  co_return Status::Ok();
}

Task<Result<std::vector<ObjectId>>> MemoryDevice::List(uint32_t part) {
  co_await Enter();
  std::lock_guard lock(mutex_);
  std::vector<ObjectId> ids;
  for (const auto& [id, file] : files_) {
    if (DevicePartOf(id) == part) ids.push_back(id);
  }
  co_return ids;
}

Result<ObjectDevice::Space> MemoryDevice::GetSpace() {
  std::lock_guard lock(mutex_);
  const uint64_t used = stored_pages_ * kPageBytes;
  return Space{.total_bytes = bytes_max_, .free_bytes = used >= bytes_max_ ? 0 : bytes_max_ - used};
}

MemoryDevice::File MemoryDevice::CrashedFile(const File& file, Random& random) {
  File out;
  out.synced = true;
  for (const auto& [number, slot] : file.slots) {
    PageData data = slot.now;
    if (slot.unsynced) {
      const uint64_t fate = random.Below(3);
      if (fate == 1) data = slot.synced;
      if (fate == 2) data = Torn(slot.synced.get(), slot.now.get(), random);
    }
    if (data != nullptr) out.slots[number] = {data, data, false};
  }
  return out;
}

std::unique_ptr<MemoryDevice> MemoryDevice::CrashedCopy(Random& random, Executor* executor) const {
  auto copy = std::make_unique<MemoryDevice>(executor);
  std::lock_guard lock(mutex_);
  for (const auto& [id, file] : files_) {
    if (!file.synced && random.Below(2) == 0) continue;
    copy->files_[id] = CrashedFile(file, random);
  }
  for (const auto& [id, file] : removed_) {
    if (file.synced && random.Below(2) == 0) copy->files_.try_emplace(id, CrashedFile(file, random));
  }
  for (const auto& [id, file] : copy->files_) copy->stored_pages_ += file.slots.size();
  copy->bytes_max_ = bytes_max_;
  return copy;
}

void MemoryDevice::FailNextWrite(Status error) { SetOnce(mutex_, fail_write_, std::move(error)); }
void MemoryDevice::FailNextRead(Status error) { SetOnce(mutex_, fail_read_, std::move(error)); }
void MemoryDevice::FailNoRead() {
  std::lock_guard lock(mutex_);
  fail_read_.reset();
}

void MemoryDevice::FailNextSync(Status error) { SetOnce(mutex_, fail_sync_, std::move(error)); }
void MemoryDevice::FailNoSync() {
  std::lock_guard lock(mutex_);
  fail_sync_.reset();
}

void MemoryDevice::LimitBytes(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  bytes_max_ = bytes;
}

bool MemoryDevice::FlipBit(const ObjectId& id, uint32_t slot) {
  std::lock_guard lock(mutex_);
  auto file = files_.find(id);
  if (file == files_.end()) return false;
  auto it = file->second.slots.find(slot);
  if (it == file->second.slots.end() || it->second.now == nullptr) return false;
  FlipLocked(it->second, 802);
  return true;
}

bool MemoryDevice::FlipAnyBit(Random& random) {
  std::lock_guard lock(mutex_);
  std::vector<Slot*> slots;
  for (auto& [id, file] : files_) {
    for (auto& [number, slot] : file.slots) {
      if (slot.now != nullptr) slots.push_back(&slot);
    }
  }
  if (slots.empty()) return false;
  FlipLocked(*slots[random.Below(slots.size())], random.Below(kPageBytes * 8));
  return true;
}

void MemoryDevice::FlipLocked(Slot& slot, size_t bit) {
  std::string bytes = *slot.now;
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  slot.now = slot.synced = std::make_shared<const std::string>(std::move(bytes));
}

bool MemoryDevice::Has(const ObjectId& id) const {
  std::lock_guard lock(mutex_);
  return files_.contains(id);
}

uint64_t MemoryDevice::StoredPages() const {
  std::lock_guard lock(mutex_);
  return stored_pages_;
}

}  // namespace nacre
