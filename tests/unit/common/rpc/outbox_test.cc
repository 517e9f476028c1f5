#include "common/rpc/outbox.h"

#include <gtest/gtest.h>

#include <string>

namespace nacre {
namespace {

v1::CallFrame Frame(uint64_t call, size_t bytes = 1) {
  v1::CallFrame frame;
  frame.set_call(call);
  frame.set_message(std::string(bytes, 'm'));
  return frame;
}

TEST(Outbox, WhatComesAloneGoesAtOnce) {
  Outbox outbox;
  EXPECT_FALSE(outbox.Take().has_value());
  outbox.Put(Frame(1));
  const auto batch = outbox.Take();
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->frames_size(), 1);
  EXPECT_FALSE(outbox.empty());  // it is being written
  outbox.Written();
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, WhatComesDuringAWriteGoesTogetherAndInOrder) {
  Outbox outbox;
  outbox.Put(Frame(1));
  ASSERT_TRUE(outbox.Take().has_value());
  for (uint64_t call = 2; call <= 4; ++call) outbox.Put(Frame(call));
  EXPECT_FALSE(outbox.Take().has_value());
  outbox.Written();
  const auto batch = outbox.Take();
  ASSERT_TRUE(batch.has_value());
  ASSERT_EQ(batch->frames_size(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(batch->frames(i).call(), static_cast<uint64_t>(i) + 2);
}

TEST(Outbox, ABatchIsBoundedInFramesAndInBytes) {
  Outbox outbox;
  for (uint64_t call = 0; call < kBatchFramesMax + 1; ++call) outbox.Put(Frame(call));
  EXPECT_EQ(outbox.Take()->frames_size(), static_cast<int>(kBatchFramesMax));
  outbox.Written();
  outbox.Put(Frame(100, kBatchBytesMax));
  EXPECT_EQ(outbox.Take()->frames_size(), 1);
  outbox.Written();
  outbox.Put(Frame(101));
  EXPECT_EQ(outbox.Take()->frames_size(), 1);  // as large as it is: alone
  outbox.Written();
  EXPECT_EQ(outbox.Take()->frames(0).call(), 101u);
}

TEST(Outbox, WhatIsHeldGoesTogetherWhenLetGo) {
  Outbox outbox;
  outbox.Hold();
  outbox.Put(Frame(1));
  outbox.Put(Frame(2));
  EXPECT_FALSE(outbox.Take().has_value());
  EXPECT_FALSE(outbox.empty());
  outbox.LetGo();
  EXPECT_EQ(outbox.Take()->frames_size(), 2);
}

TEST(Outbox, WhatNobodyWaitsForIsNotSent) {
  Outbox outbox;
  for (uint64_t call = 1; call <= 3; ++call) outbox.Put(Frame(call));
  outbox.Remove(2);
  const auto batch = outbox.Take();
  ASSERT_EQ(batch->frames_size(), 2);
  EXPECT_EQ(batch->frames(1).call(), 3u);
  outbox.Written();
  outbox.Put(Frame(4));
  outbox.Clear();
  EXPECT_TRUE(outbox.empty());
}

}  // namespace
}  // namespace nacre
