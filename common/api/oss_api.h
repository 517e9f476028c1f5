// OssApi: what an object storage server can be asked, one call an RPC (proto/oss.proto says what each means). Implemented
// by the server's core; called by clients and by the MDS (set size, destroy, glimpse); see mds_api.h for threads and errors.
#pragma once

#include "common/base/status.h"
#include "common/base/task.h"
#include "common/fs/cipher_run.h"
#include "oss.pb.h"

namespace nacre {

// What a Read brings: the header says which pages are holes; the run holds the others, in order. Null when none.
struct ObjectPages {
  v1::ReadHeader header;
  CipherRunPtr run;
};

class OssApi {
 public:
  virtual ~OssApi() = default;

  virtual Task<Result<v1::OssConnectReply>> Connect(v1::OssConnectRequest request) = 0;
  virtual Task<Result<v1::OssEndReplayReply>> EndReplay(v1::OssEndReplayRequest request) = 0;
  virtual Task<Result<v1::OssDisconnectReply>> Disconnect(v1::OssDisconnectRequest request) = 0;

  // header.page_count and meta_length describe the run; the same run may be sent again and elsewhere.
  virtual Task<Result<v1::WriteReply>> Write(v1::WriteHeader header, CipherRunPtr run) = 0;
  virtual Task<Result<ObjectPages>> Read(v1::ReadRequest request) = 0;

  virtual Task<Result<v1::SetSizeReply>> SetSize(v1::SetSizeRequest request) = 0;
  virtual Task<Result<v1::PunchReply>> Punch(v1::PunchRequest request) = 0;
  virtual Task<Result<v1::GlimpseReply>> Glimpse(v1::GlimpseRequest request) = 0;
  virtual Task<Result<v1::DestroyReply>> Destroy(v1::DestroyRequest request) = 0;
  virtual Task<Result<v1::ListObjectsReply>> ListObjects(v1::ListObjectsRequest request) = 0;
  virtual Task<Result<v1::CommitReply>> Commit(v1::CommitRequest request) = 0;
  virtual Task<Result<v1::OssPingReply>> Ping(v1::OssPingRequest request) = 0;
};

}  // namespace nacre
