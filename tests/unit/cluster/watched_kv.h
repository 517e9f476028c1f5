// WatchedKv: what a server has its store through, in a test: it counts effects (promise P6), and can fail to read.
//
// A change and its reply record are one batch. A second batch with the record of the same request, where the first is
// still there, is a second effect of it. (An OST gathers many writes for a batch: two effects in one are not seen here.)
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/bytes.h"
#include "common/kv/kv_store.h"
#include "common/recovery/reply_record.h"

namespace nacre {

// One thread.
class WatchedKv final : public KvStore {
 public:
  WatchedKv(std::shared_ptr<KvStore> below, KvFamily replies, std::string server)
      : below_(std::move(below)), replies_(replies), server_(std::move(server)) {}

  void FailNextRead(Status error) { fail_read_ = std::move(error); }
  void FailNoRead() { fail_read_.reset(); }

  Result<std::optional<std::string>> Get(KvFamily family, std::string_view key) override {
    if (fail_read_) return *std::exchange(fail_read_, std::nullopt);
    return below_->Get(family, key);
  }
  std::unique_ptr<KvCursor> Seek(KvFamily family, std::string_view first_key) override {
    if (fail_read_) return std::make_unique<FailedCursor>(*std::exchange(fail_read_, std::nullopt));
    return below_->Seek(family, first_key);
  }
  Status Apply(const KvBatch& batch, Durability durability) override {
    for (const KvBatch::Operation& operation : batch.operations()) {
      if (operation.family == replies_ && operation.kind == KvBatch::Kind::kPut) CountEffect(operation);
    }
    return below_->Apply(batch, durability);
  }
  Status Sync() override { return below_->Sync(); }

 private:
  class FailedCursor final : public KvCursor {
   public:
    explicit FailedCursor(Status why) : why_(std::move(why)) {}
    bool Valid() const override { return false; }
    std::string_view key() const override { return {}; }
    std::string_view value() const override { return {}; }
    void Next() override {}
    Status status() const override { return why_; }

   private:
    const Status why_;
  };

  void CountEffect(const KvBatch::Operation& put) {
    const Result<std::optional<std::string>> before = below_->Get(replies_, put.key);
    if (!before.ok() || !before->has_value()) return;
    const std::optional<ReplyRecord> first = DecodeReplyRecord(**before), second = DecodeReplyRecord(put.value);
    if (!first || !second || first->xid != second->xid) return;
    ADD_FAILURE() << server_ << " holds the effect of request " << first->xid << " of session "
                  << LoadBigEndian64(AsBytes(put.key).data()) << " twice";
  }

  const std::shared_ptr<KvStore> below_;
  const KvFamily replies_;
  const std::string server_;
  std::optional<Status> fail_read_;
};

}  // namespace nacre
