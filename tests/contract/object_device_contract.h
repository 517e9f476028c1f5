// What every ObjectDevice must do: one suite for the one in memory and the one on files.
//
// A World has: std::unique_ptr<ObjectDevice> Open(), callable again after the last device is gone, with everything synced
// still there.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/units.h"
#include "oss/core/object_device.h"

namespace nacre {

template <typename World>
class ObjectDeviceContract : public testing::Test {
 protected:
  void SetUp() override { device_ = world_.Open(); }
  static ObjectId Id(uint32_t number) { return {.fid = {.seq = number, .oid = number * 1000 + 7}, .mirror = 9, .stripe = 1}; }
  static std::string Pages(std::initializer_list<char> letters) {
    std::string bytes;
    for (char letter : letters) bytes += std::string(kPageBytes, letter);
    return bytes;
  }
  Status Write(const ObjectId& id, const std::vector<SlotSpan>& spans, const std::string& bytes,
               size_t piece_bytes = 1 << 20) {
    std::vector<ByteView> pieces;
    for (size_t at = 0; at < bytes.size(); at += piece_bytes) pieces.push_back(AsBytes(bytes).subspan(at, std::min(piece_bytes, bytes.size() - at)));
    return SyncWait(device_->Write(id, spans, pieces));
  }
  std::string Read(const ObjectId& id, const std::vector<SlotSpan>& spans) {
    std::string out(SlotCount(spans) * kPageBytes, '?');
    const Status status = SyncWait(device_->Read(id, spans, {reinterpret_cast<uint8_t*>(out.data()), out.size()}));
    EXPECT_TRUE(status.ok()) << status.ToString();
    // Twice: the one in memory says no every other time.
    for (int i = 0; i < 2; ++i) {
      std::string cached(out.size(), '?');
      if (device_->ReadCached(id, spans, {reinterpret_cast<uint8_t*>(cached.data()), cached.size()})) {
        EXPECT_EQ(cached, out);
      }
    }
    return out;
  }
  std::vector<ObjectId> ListAll() {
    std::vector<ObjectId> all;
    for (uint32_t part = 0; part < kDevicePartCount; ++part) {
      auto ids = SyncWait(device_->List(part));
      EXPECT_TRUE(ids.ok());
      for (const ObjectId& id : *ids) EXPECT_EQ(DevicePartOf(id), part);
      all.insert(all.end(), ids->begin(), ids->end());
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  World world_;
  std::unique_ptr<ObjectDevice> device_;
};

TYPED_TEST_SUITE_P(ObjectDeviceContract);

TYPED_TEST_P(ObjectDeviceContract, WhatWasNeverWrittenReadsAsZeros) {
  EXPECT_EQ(this->Read(this->Id(1), {{5, 2}}), this->Pages({0, 0}));
  ASSERT_TRUE(this->Write(this->Id(1), {{6, 1}}, this->Pages({'a'})).ok());
  EXPECT_EQ(this->Read(this->Id(1), {{5, 3}}), this->Pages({0, 'a', 0}));
}

TYPED_TEST_P(ObjectDeviceContract, PagesGoToTheirSlotsInOrderHoweverThePiecesAreCut) {
  const std::string bytes = this->Pages({'a', 'b', 'c', 'd'});
  for (size_t piece : {1000u, 4096u, 5000u, 100000u}) {
    const ObjectId id = this->Id(static_cast<uint32_t>(piece));
    ASSERT_TRUE(this->Write(id, {{10, 1}, {kIdentitySlots + 3, 2}, {0, 1}}, bytes, piece).ok());
    EXPECT_EQ(this->Read(id, {{0, 1}, {10, 1}}), this->Pages({'d', 'a'}));
    EXPECT_EQ(this->Read(id, {{kIdentitySlots + 3, 2}}), this->Pages({'b', 'c'}));
  }
}

TYPED_TEST_P(ObjectDeviceContract, ManySmallPiecesMakeOneWrite) {
  std::string bytes(300 * kPageBytes, 'x');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 / 3);
  ASSERT_TRUE(this->Write(this->Id(1), {{0, 300}}, bytes, 777).ok());
  EXPECT_EQ(this->Read(this->Id(1), {{0, 300}}), bytes);
}

TYPED_TEST_P(ObjectDeviceContract, SyncedPagesAreThereAfterReopening) {
  for (uint32_t i = 0; i < 20; ++i) ASSERT_TRUE(this->Write(this->Id(i + 1), {{i, 1}}, this->Pages({'a'})).ok());
  ASSERT_TRUE(SyncWait(this->device_->Sync()).ok());
  this->device_.reset();
  this->device_ = this->world_.Open();
  for (uint32_t i = 0; i < 20; ++i) EXPECT_EQ(this->Read(this->Id(i + 1), {{i, 1}}), this->Pages({'a'}));
  EXPECT_EQ(this->ListAll().size(), 20u);
}

TYPED_TEST_P(ObjectDeviceContract, PunchedSlotsReadAsZerosOthersStay) {
  ASSERT_TRUE(this->Write(this->Id(1), {{0, 4}}, this->Pages({'a', 'b', 'c', 'd'})).ok());
  const std::vector<SlotSpan> spans = {{0, 1}, {2, 1}, {900, 5}};
  ASSERT_TRUE(SyncWait(this->device_->Punch(this->Id(1), spans)).ok());
  EXPECT_EQ(this->Read(this->Id(1), {{0, 4}}), this->Pages({0, 'b', 0, 'd'}));
  EXPECT_TRUE(SyncWait(this->device_->Punch(this->Id(2), spans)).ok());  // no file: nothing to do
}

TYPED_TEST_P(ObjectDeviceContract, RemovedObjectsAreGoneAndMayBeRemovedAgain) {
  ASSERT_TRUE(this->Write(this->Id(1), {{0, 1}}, this->Pages({'a'})).ok());
  ASSERT_TRUE(this->Write(this->Id(2), {{0, 1}}, this->Pages({'b'})).ok());
  ASSERT_TRUE(SyncWait(this->device_->Remove(this->Id(1))).ok());
  ASSERT_TRUE(SyncWait(this->device_->Remove(this->Id(1))).ok());
  EXPECT_EQ(this->ListAll(), std::vector<ObjectId>{this->Id(2)});
  EXPECT_EQ(this->Read(this->Id(1), {{0, 1}}), this->Pages({0}));
  EXPECT_TRUE(SyncWait(this->device_->Sync()).ok());
}

TYPED_TEST_P(ObjectDeviceContract, ManyObjectsAtOnceKeepTheirPages) {
  for (uint32_t i = 0; i < 700; ++i) {  // more than stay open
    ASSERT_TRUE(this->Write(this->Id(i + 1), {{i % 3, 1}}, this->Pages({static_cast<char>('a' + i % 26)})).ok());
  }
  ASSERT_TRUE(SyncWait(this->device_->Sync()).ok());
  for (uint32_t i = 0; i < 700; ++i) {
    EXPECT_EQ(this->Read(this->Id(i + 1), {{i % 3, 1}}), this->Pages({static_cast<char>('a' + i % 26)}));
  }
  EXPECT_EQ(this->ListAll().size(), 700u);
}

TYPED_TEST_P(ObjectDeviceContract, KnowsItsSpace) {
  auto space = this->device_->GetSpace();
  ASSERT_TRUE(space.ok());
  EXPECT_GT(space->total_bytes, 0u);
  EXPECT_LE(space->free_bytes, space->total_bytes);
}

REGISTER_TYPED_TEST_SUITE_P(ObjectDeviceContract, WhatWasNeverWrittenReadsAsZeros,
                            PagesGoToTheirSlotsInOrderHoweverThePiecesAreCut, ManySmallPiecesMakeOneWrite,
                            SyncedPagesAreThereAfterReopening, PunchedSlotsReadAsZerosOthersStay,
                            RemovedObjectsAreGoneAndMayBeRemovedAgain, ManyObjectsAtOnceKeepTheirPages, KnowsItsSpace);

}  // namespace nacre
