#include "tests/contract/object_device_contract.h"

#include "oss/store/file_device.h"
#include "oss/store/memory_device.h"
#include "tests/contract/temp_directory.h"

namespace nacre {
namespace {

// Opening again must find what was there, so every device handed out is a view of the one kept here.
class Shared final : public ObjectDevice {
 public:
  explicit Shared(ObjectDevice& inner) : inner_(inner) {}
  Task<Status> Write(const ObjectId& id, const std::vector<SlotSpan>& spans, const std::vector<ByteView>& pieces) override {
    return inner_.Write(id, spans, pieces);
  }
  Task<Status> Read(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) override {
    return inner_.Read(id, spans, out);
  }
  bool ReadCached(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) override {
    return inner_.ReadCached(id, spans, out);
  }
  Task<Status> Sync() override { return inner_.Sync(); }
  Task<Status> Punch(const ObjectId& id, const std::vector<SlotSpan>& spans) override { return inner_.Punch(id, spans); }
  Task<Status> Remove(const ObjectId& id) override { return inner_.Remove(id); }
  Task<Result<std::vector<ObjectId>>> List(uint32_t part) override { return inner_.List(part); }
  Result<Space> GetSpace() override { return inner_.GetSpace(); }

 private:
  ObjectDevice& inner_;
};

struct MemoryWorld {
  std::unique_ptr<ObjectDevice> Open() { return std::make_unique<Shared>(device); }
  MemoryDevice device;
};
struct FileWorld {
  std::unique_ptr<ObjectDevice> Open() {
    auto device = FileDevice::Open(directory.path() + "/objects");
    EXPECT_TRUE(device.ok()) << device.status().ToString();
    return std::move(*device);
  }
  TempDirectory directory;
};
using Worlds = testing::Types<MemoryWorld, FileWorld>;
INSTANTIATE_TYPED_TEST_SUITE_P(All, ObjectDeviceContract, Worlds);

const ObjectId kId{.fid = {.seq = 3, .oid = 4}};

Status WriteOne(ObjectDevice& device, uint32_t slot, const std::string& page) {
  const std::vector<SlotSpan> spans = {{slot, 1}};
  const std::vector<ByteView> pieces = {AsBytes(page)};
  return SyncWait(device.Write(kId, spans, pieces));
}
std::string ReadOne(ObjectDevice& device, uint32_t slot) {
  std::string page(kPageBytes, '?');
  const std::vector<SlotSpan> spans = {{slot, 1}};
  EXPECT_TRUE(SyncWait(device.Read(kId, spans, {reinterpret_cast<uint8_t*>(page.data()), page.size()})).ok());
  return page;
}

TEST(MemoryDevice, ACrashKeepsWhatWasSyncedAndAnyMixOfTheRest) {
  const std::string before(kPageBytes, 'b'), after(kPageBytes, 'a');
  SeededRandom random(11);
  int kept = 0, lost = 0, torn = 0;
  for (int round = 0; round < 100; ++round) {
    MemoryDevice device;
    ASSERT_TRUE(WriteOne(device, 0, before).ok());
    ASSERT_TRUE(WriteOne(device, 1, before).ok());
    ASSERT_TRUE(SyncWait(device.Sync()).ok());
    ASSERT_TRUE(WriteOne(device, 1, after).ok());
    auto crashed = device.CrashedCopy(random);
    EXPECT_EQ(ReadOne(*crashed, 0), before);
    const std::string found = ReadOne(*crashed, 1);
    ++(found == after ? kept : found == before ? lost : torn);
    EXPECT_EQ(ReadOne(device, 1), after);
  }
  EXPECT_TRUE(kept > 0 && lost > 0 && torn > 0);
}

TEST(MemoryDevice, ALimitIsNoSpaceAndRemovingGivesItBack) {
  MemoryDevice device;
  device.LimitBytes(2 * kPageBytes);
  const std::string page(kPageBytes, 'x');
  ASSERT_TRUE(WriteOne(device, 0, page).ok());
  ASSERT_TRUE(WriteOne(device, 1, page).ok());
  EXPECT_EQ(WriteOne(device, 2, page).code(), Code::kNoSpace);
  ASSERT_TRUE(SyncWait(device.Remove(kId)).ok());
  EXPECT_TRUE(WriteOne(device, 2, page).ok());
}

TEST(FileDevice, ARootThatCannotBeMadeIsAnError) {
  EXPECT_FALSE(FileDevice::Open("/proc/nothing/here").ok());
}

}  // namespace
}  // namespace nacre
