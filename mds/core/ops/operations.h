// One function an operation of proto/mds.proto; which file has which is said here. Each runs on the strand: it checks,
// decides and changes without a pause, or says where it pauses. The frame around them (metadata_server.cc) has checked the
// header and the session, answers resends and replays from the reply record, and waits until what the answer relies on
// is stable.
#pragma once

#include "common/base/task.h"
#include "mds.pb.h"
#include "mds/core/core.h"

namespace nacre {

template <typename Reply>
using Answer = Task<Result<Reply>>;

// connect.cc
Answer<v1::ConnectReply> ServeConnect(Core& core, Op& op, const v1::ConnectRequest& request);
Answer<v1::ReopenReply> ServeReopen(Core& core, Op& op, const v1::ReopenRequest& request);
Answer<v1::EndReplayReply> ServeEndReplay(Core& core, Op& op, const v1::EndReplayRequest& request);
Answer<v1::DisconnectReply> ServeDisconnect(Core& core, Op& op, const v1::DisconnectRequest& request);
Answer<v1::MdsCommitReply> ServeCommit(Core& core, Op& op, const v1::MdsCommitRequest& request);
Answer<v1::HeartbeatReply> ServeHeartbeat(Core& core, Op& op, const v1::HeartbeatRequest& request);
Answer<v1::GrantFidsReply> ServeGrantFids(Core& core, Op& op, const v1::GrantFidsRequest& request);
// targets.cc
Answer<v1::GetClusterMapReply> ServeGetClusterMap(Core& core, Op& op, const v1::GetClusterMapRequest& request);
Answer<v1::AnnounceTargetReply> ServeAnnounceTarget(Core& core, Op& op, const v1::AnnounceTargetRequest& request);
Answer<v1::MdsPingReply> ServePing(Core& core, Op& op, const v1::MdsPingRequest& request);
Answer<v1::StatfsReply> ServeStatfs(Core& core, Op& op, const v1::StatfsRequest& request);
// lookup.cc
Answer<v1::LookupReply> ServeLookup(Core& core, Op& op, const v1::LookupRequest& request);
Answer<v1::GetAttrReply> ServeGetAttr(Core& core, Op& op, const v1::GetAttrRequest& request);
// readdir.cc
Answer<v1::ReaddirReply> ServeReaddir(Core& core, Op& op, const v1::ReaddirRequest& request);
// path.cc
Answer<v1::GetPathReply> ServeGetPath(Core& core, Op& op, const v1::GetPathRequest& request);
// open.cc (opening, and creating regular files), close.cc
Answer<v1::OpenReply> ServeOpen(Core& core, Op& op, const v1::OpenRequest& request);
Answer<v1::CloseReply> ServeClose(Core& core, Op& op, const v1::CloseRequest& request);
// truncate.cc, punch.cc
Answer<v1::TruncateReply> ServeTruncate(Core& core, Op& op, const v1::TruncateRequest& request);
Answer<v1::PunchFileReply> ServePunch(Core& core, Op& op, const v1::PunchFileRequest& request);
// make.cc, link.cc, unlink.cc, rename.cc
Answer<v1::MakeReply> ServeMake(Core& core, Op& op, const v1::MakeRequest& request);
Answer<v1::LinkReply> ServeLink(Core& core, Op& op, const v1::LinkRequest& request);
Answer<v1::UnlinkReply> ServeUnlink(Core& core, Op& op, const v1::UnlinkRequest& request);
Answer<v1::RenameReply> ServeRename(Core& core, Op& op, const v1::RenameRequest& request);
// setattr.cc, xattr.cc, policy.cc (encryption policy and default layout of directories)
Answer<v1::SetAttrReply> ServeSetAttr(Core& core, Op& op, const v1::SetAttrRequest& request);
Answer<v1::GetXattrsReply> ServeGetXattrs(Core& core, Op& op, const v1::GetXattrsRequest& request);
Answer<v1::SetXattrReply> ServeSetXattr(Core& core, Op& op, const v1::SetXattrRequest& request);
Answer<v1::SetPolicyReply> ServeSetPolicy(Core& core, Op& op, const v1::SetPolicyRequest& request);
Answer<v1::SetLayoutReply> ServeSetLayout(Core& core, Op& op, const v1::SetLayoutRequest& request);
// check.cc, mend.cc: fsck
Answer<v1::CheckReply> ServeCheck(Core& core, Op& op, const v1::CheckRequest& request);
Answer<v1::MendReply> ServeMend(Core& core, Op& op, const v1::MendRequest& request);

// A request that is answered from its reply record: what of its effect is in memory only, and went with an earlier life of
// the server, is there again when this ends.
void TakeUpAnswered(Core& core, Op& op, const v1::OpenRequest& request, const v1::OpenReply& reply);
void TakeUpAnswered(Core& core, Op& op, const v1::CloseRequest& request, const v1::CloseReply& reply);
template <typename Request, typename Reply>
void TakeUpAnswered(Core&, Op&, const Request&, const Reply&) {}

}  // namespace nacre
