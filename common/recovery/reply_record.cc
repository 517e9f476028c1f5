#include "common/recovery/reply_record.h"

#include "common/base/planted_bug.h"

namespace nacre {

std::string ReplyKey(uint64_t session, uint32_t slot) {
  std::string key;
  AppendBigEndian64(key, session);
  AppendBigEndian32(key, slot);
  return key;
}

std::string EncodeReplyRecord(const ReplyRecord& record) {
  std::string bytes;
  bytes.reserve(16 + record.reply.size());
  AppendBigEndian64(bytes, record.xid);
  AppendBigEndian64(bytes, record.transno);
  bytes += record.reply;
  return bytes;
}

std::optional<ReplyRecord> DecodeReplyRecord(std::string_view bytes) {
  if (bytes.size() < 16) return std::nullopt;
  const uint8_t* at = AsBytes(bytes).data();
  return ReplyRecord{LoadBigEndian64(at), LoadBigEndian64(at + 8), std::string(bytes.substr(16))};
}

Seen ReplyTable::Judge(uint64_t session, uint32_t slot, uint64_t xid) const {
  const auto refusal = refusals_.find({session, slot});
  if (refusal != refusals_.end() && refusal->second.xid == xid) return Seen::kRefused;
  if (refusal != refusals_.end() && refusal->second.xid > xid) return Seen::kPast;
  const ReplyRecord* last = Find(session, slot);
  if (last == nullptr || last->xid < xid) return Seen::kNew;
  return last->xid == xid ? Seen::kAnswered : Seen::kPast;
}

ReplyTable::SeenReplay ReplyTable::JudgeReplay(uint64_t session, uint32_t slot, uint64_t xid) const {
  const ReplyRecord* last = Find(session, slot);
  if (last != nullptr && last->xid >= xid) return SeenReplay::kDone;
  const auto refusal = refusals_.find({session, slot});
  return refusal != refusals_.end() && refusal->second.xid >= xid ? SeenReplay::kRefused : SeenReplay::kNew;
}

const ReplyRecord* ReplyTable::Find(uint64_t session, uint32_t slot) const {
  auto it = records_.find({session, slot});
  return it == records_.end() ? nullptr : &it->second;
}

void ReplyTable::Record(uint64_t session, uint32_t slot, ReplyRecord record) {
  const auto refusal = refusals_.find({session, slot});
  if (refusal != refusals_.end() && refusal->second.xid < record.xid) refusals_.erase(refusal);
  records_[{session, slot}] = std::move(record);
}

void ReplyTable::Refuse(uint64_t session, uint32_t slot, uint64_t xid, const Status& why) {
  if (Planted(PlantedBug::kRefusalForgotten)) return;
  if (why.code() == Code::kUnavailable || why.code() == Code::kNotConnected) return;
  if (Judge(session, slot, xid) == Seen::kNew) refusals_[{session, slot}] = {xid, why};
}

Status ReplyTable::RefusalOf(uint64_t session, uint32_t slot) const { return refusals_.at({session, slot}).why; }

std::vector<std::string> ReplyTable::Drop(uint64_t session) {
  refusals_.erase(refusals_.lower_bound({session, 0}), refusals_.upper_bound({session, kSlotsMax}));
  std::vector<std::string> keys;
  auto it = records_.lower_bound({session, 0});
  while (it != records_.end() && it->first.first == session) {
    keys.push_back(ReplyKey(session, it->first.second));
    it = records_.erase(it);
  }
  return keys;
}

}  // namespace nacre
