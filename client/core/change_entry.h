// ChangeEntry: a change that the metadata server answered, as the replay log keeps it: the request, and what of the answer
// a replay must repeat.
#pragma once

#include <functional>
#include <utility>

#include "client/core/replay_log.h"
#include "common/api/mds_api.h"
#include "common/wire/wire.h"

namespace nacre {

// What it needs of the session it is part of. Any thread.
class ChangeSender {
 public:
  virtual ~ChangeSender() = default;
  virtual v1::RequestHeader ReplayHeader(v1::RequestHeader sent, Transno transno, uint64_t boot_count) const = 0;
  virtual void Closed(uint64_t open_xid) = 0;
};

// What a replay says beyond its request.
template <typename Request>
using Repeat = std::function<void(Request&)>;

// A created file's objects may exist already where the lost answer said.
inline Repeat<v1::OpenRequest> RepeatedOf(const v1::OpenRequest&, const v1::OpenReply& reply) {
  if (!reply.created()) return {};
  return [layout = reply.inode().layout()](v1::OpenRequest& replay) { *replay.mutable_replay_layout() = layout; };
}
template <typename Request, typename Reply>
Repeat<Request> RepeatedOf(const Request&, const Reply&) {
  return {};
}

// What is closed is known to be open until the close is stable: a restarted server has to be told of both.
inline void TellStable(const v1::CloseRequest& request, ChangeSender& sender) {
  for (const v1::CloseRequest::Item& item : request.items()) sender.Closed(item.handle());
}
template <typename Request>
void TellStable(const Request&, ChangeSender&) {}

// Where a change of this type goes in a request of many replays.
inline v1::OpenRequest* Among(v1::ReplayRequest::Change& change, const v1::OpenRequest&) { return change.mutable_open(); }
inline v1::CloseRequest* Among(v1::ReplayRequest::Change& change, const v1::CloseRequest&) { return change.mutable_close(); }
inline v1::TruncateRequest* Among(v1::ReplayRequest::Change& change, const v1::TruncateRequest&) {
  return change.mutable_truncate();
}
inline v1::PunchFileRequest* Among(v1::ReplayRequest::Change& change, const v1::PunchFileRequest&) {
  return change.mutable_punch();
}
inline v1::MakeRequest* Among(v1::ReplayRequest::Change& change, const v1::MakeRequest&) { return change.mutable_make(); }
inline v1::LinkRequest* Among(v1::ReplayRequest::Change& change, const v1::LinkRequest&) { return change.mutable_link(); }
inline v1::UnlinkRequest* Among(v1::ReplayRequest::Change& change, const v1::UnlinkRequest&) { return change.mutable_unlink(); }
inline v1::RenameRequest* Among(v1::ReplayRequest::Change& change, const v1::RenameRequest&) { return change.mutable_rename(); }
inline v1::SetAttrRequest* Among(v1::ReplayRequest::Change& change, const v1::SetAttrRequest&) {
  return change.mutable_set_attr();
}
inline v1::SetXattrRequest* Among(v1::ReplayRequest::Change& change, const v1::SetXattrRequest&) {
  return change.mutable_set_xattr();
}
inline v1::SetPolicyRequest* Among(v1::ReplayRequest::Change& change, const v1::SetPolicyRequest&) {
  return change.mutable_set_policy();
}
inline v1::SetLayoutRequest* Among(v1::ReplayRequest::Change& change, const v1::SetLayoutRequest&) {
  return change.mutable_set_layout();
}
inline v1::MendRequest* Among(v1::ReplayRequest::Change& change, const v1::MendRequest&) { return change.mutable_mend(); }
inline v1::GrantFidsRequest* Among(v1::ReplayRequest::Change& change, const v1::GrantFidsRequest&) {
  return change.mutable_grant_fids();
}

template <typename Request>
concept IsReplayable = requires(v1::ReplayRequest::Change& change, const Request& request) { Among(change, request); };

// An entry of the metadata server's replay log.
class ReplayableChange : public ReplayLog::Entry {
 public:
  virtual void PutInto(v1::ReplayRequest::Change& change, uint64_t boot_count) const = 0;
};

template <typename Request, typename Reply>
class ChangeEntry final : public ReplayableChange {
 public:
  using Method = Task<Result<Reply>> (MdsApi::*)(Request);
  // sender and mds outlive it.
  ChangeEntry(ChangeSender& sender, MdsApi& mds, Method method, Request request)
      : sender_(sender), mds_(mds), method_(method), request_(std::move(request)) {}

  const Request& request() const { return request_; }
  Task<Result<Reply>> Send(const v1::RequestHeader& header) const {
    Request copy = request_;
    *copy.mutable_header() = header;
    return (mds_.*method_)(std::move(copy));
  }
  void Answered(const v1::RequestHeader& header, const Reply& reply) {
    sent_ = header;
    sent_.set_replay_time_ns(reply.header().time_ns());
    repeat_ = RepeatedOf(request_, reply);
  }

  void PutInto(v1::ReplayRequest::Change& change, uint64_t boot_count) const override {
    Request& replay = *Among(change, request_);
    replay = request_;
    *replay.mutable_header() = sender_.ReplayHeader(sent_, transno(), boot_count);
    if (repeat_) repeat_(replay);
  }
  void Stable() override { TellStable(request_, sender_); }

 private:
  ChangeSender& sender_;
  MdsApi& mds_;
  const Method method_;
  const Request request_;
  Repeat<Request> repeat_;
  v1::RequestHeader sent_;
};

}  // namespace nacre
