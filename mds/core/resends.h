// Resends: a change that is sent again gets the answer it got, or would have got, the first time, when it is stable.
#pragma once

#include <optional>
#include <string>

#include "mds/core/core.h"

namespace nacre {

// The recorded reply, if this very change was made before; the error, if it was refused. kInvalid: its slot has gone on.
template <typename Reply>
Result<std::optional<Reply>> FindAnswered(Core& core, Op& op) {
  switch (core.replies.Judge(op.session(), op.header().slot(), op.header().xid())) {
    case Seen::kNew:
      return std::optional<Reply>();
    case Seen::kPast:
      return Status(Code::kInvalid, "request " + std::to_string(op.header().xid()) +
                                        " is older than what its slot did last");
    case Seen::kRefused:
      return core.replies.RefusalOf(op.session(), op.header().slot());
    case Seen::kAnswered:
      break;
  }
  const ReplyRecord* record = core.replies.Find(op.session(), op.header().slot());
  std::optional<Reply> reply(std::in_place);
  if (!reply->ParseFromString(record->reply)) {
    return Status(Code::kInvalid, "request " + std::to_string(record->xid) + " was another operation when first sent");
  }
  op.ReliesOn(record->transno);
  return reply;
}

}  // namespace nacre
