#include "mds/core/replays.h"

#include <utility>

#include "common/wire/wire.h"

namespace nacre {
namespace {

template <typename Request, typename Reply>
Task<Result<v1::ReplyHeader>> Do(MdsApi& mds, Task<Result<Reply>> (MdsApi::*method)(Request), Request request) {
  if (!request.header().replay()) co_return Status(Code::kInvalid, "a change among replays that is none");
  const Result<Reply> reply = co_await (mds.*method)(std::move(request));
  if (!reply.ok()) co_return reply.status();
  co_return reply->header();
}

Task<Result<v1::ReplyHeader>> RefuseEmpty() { co_return Status(Code::kInvalid, "an empty replay"); }

Task<Result<v1::ReplyHeader>> DoOne(MdsApi& mds, v1::ReplayRequest::Change change) {
  using Change = v1::ReplayRequest::Change;
  switch (change.request_case()) {
    case Change::kOpen: return Do(mds, &MdsApi::Open, std::move(*change.mutable_open()));
    case Change::kClose: return Do(mds, &MdsApi::Close, std::move(*change.mutable_close()));
    case Change::kTruncate: return Do(mds, &MdsApi::Truncate, std::move(*change.mutable_truncate()));
    case Change::kPunch: return Do(mds, &MdsApi::Punch, std::move(*change.mutable_punch()));
    case Change::kMake: return Do(mds, &MdsApi::Make, std::move(*change.mutable_make()));
    case Change::kLink: return Do(mds, &MdsApi::Link, std::move(*change.mutable_link()));
    case Change::kUnlink: return Do(mds, &MdsApi::Unlink, std::move(*change.mutable_unlink()));
    case Change::kRename: return Do(mds, &MdsApi::Rename, std::move(*change.mutable_rename()));
    case Change::kSetAttr: return Do(mds, &MdsApi::SetAttr, std::move(*change.mutable_set_attr()));
    case Change::kSetXattr: return Do(mds, &MdsApi::SetXattr, std::move(*change.mutable_set_xattr()));
    case Change::kSetPolicy: return Do(mds, &MdsApi::SetPolicy, std::move(*change.mutable_set_policy()));
    case Change::kSetLayout: return Do(mds, &MdsApi::SetLayout, std::move(*change.mutable_set_layout()));
    case Change::kMend: return Do(mds, &MdsApi::Mend, std::move(*change.mutable_mend()));
    case Change::kGrantFids: return Do(mds, &MdsApi::GrantFids, std::move(*change.mutable_grant_fids()));
    case Change::REQUEST_NOT_SET: break;
  }
  return RefuseEmpty();
}

}  // namespace

Task<Result<v1::ReplayReply>> DoAgain(MdsApi& mds, v1::ReplayRequest request) {
  if (request.changes_size() > kReplaysTogetherMax) {
    co_return Status(Code::kInvalid, "more than " + std::to_string(kReplaysTogetherMax) + " replays in one request");
  }
  v1::ReplayReply reply;
  for (v1::ReplayRequest::Change& change : *request.mutable_changes()) {
    const Result<v1::ReplyHeader> answer = co_await DoOne(mds, std::move(change));
    v1::ReplyHeader& header = *reply.add_answers();
    if (answer.ok()) header = *answer;
    if (!answer.ok()) SetStatus(header, answer.status());
    if (answer.code() == Code::kUnavailable || answer.code() == Code::kNotConnected) break;
  }
  co_return reply;
}

}  // namespace nacre
