// ReplyTable: what a server answered last in each slot of each session, so that a request sent again (its reply was lost)
// gets the same answer and has its effect once (promise P6). Used by MDS and OSS alike; the caller writes each record in
// the same batch as the change it answers for. Pure; one strand.
//
// A refusal changes nothing and is in no record, but it too is an answer: a copy of the request that arrives late must not
// be done because what stood in its way is gone. Refusals are remembered for this life of the server; what was meant for an
// earlier life is turned away by its boot count.
//
//   record key   := session u64 BE, slot u32 BE
//   record value := xid u64 BE, transno u64 BE, serialized reply
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/status.h"
#include "common/recovery/transno.h"

namespace nacre {

constexpr uint32_t kSlotsMax = 256;  // per session: bounds what one client can make a server remember

struct ReplyRecord {
  uint64_t xid = 0;
  Transno transno = 0;
  std::string reply;  // the serialized reply message
};

std::string ReplyKey(uint64_t session, uint32_t slot);
std::string EncodeReplyRecord(const ReplyRecord& record);
std::optional<ReplyRecord> DecodeReplyRecord(std::string_view bytes);

enum class Seen {
  kNew,       // not seen: do it
  kAnswered,  // done already: answer with the record
  kRefused,   // refused already: answer with RefusalOf
  kPast,      // older than what this slot did last: the client has its reply, this is a stray duplicate
};

class ReplyTable {
 public:
  Seen Judge(uint64_t session, uint32_t slot, uint64_t xid) const;
  const ReplyRecord* Find(uint64_t session, uint32_t slot) const;
  void Record(uint64_t session, uint32_t slot, ReplyRecord record);
  // The request was answered with this error. One after which the client sends the same request again is not remembered.
  void Refuse(uint64_t session, uint32_t slot, uint64_t xid, const Status& why);
  Status RefusalOf(uint64_t session, uint32_t slot) const;

  // A replay: of a change that an earlier life answered. The changes of a slot become stable, and are replayed, in their
  // order, so its record tells of those before it too.
  enum class SeenReplay {
    kNew,      // lost: do it again
    kDone,     // it is there, or what its slot did later is
    kRefused,  // in this life: its client was told that it is lost
  };
  SeenReplay JudgeReplay(uint64_t session, uint32_t slot, uint64_t xid) const;
  // Forgets a session; the keys are to be deleted from the store.
  std::vector<std::string> Drop(uint64_t session);

 private:
  struct Refusal {
    uint64_t xid = 0;
    Status why;
  };
  std::map<std::pair<uint64_t, uint32_t>, ReplyRecord> records_;
  std::map<std::pair<uint64_t, uint32_t>, Refusal> refusals_;  // newer than the slot's record
};

}  // namespace nacre
