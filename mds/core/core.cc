#include "mds/core/core.h"

#include "common/wire/wire.h"

namespace nacre {

Core::Core(MdsOptions given, const MdsSeams& seams)
    : options(std::move(given)),
      kv(seams.kv),
      strand(seams.strand),
      timers(seams.timers),
      clock(seams.clock),
      random(seams.random),
      osts(seams.osts),
      transnos(options.boot_count),
      committer(strand, seams.io, kv, transnos,
                [this](const Status& status) {
                  if (options.fatal) options.fatal(status);
                  NACRE_CHECK(options.fatal != nullptr, status.ToString());
                }),
      window(strand),
      map(options.target_silent_max),
      inodes(kv),
      dirents(kv),
      destroyer(*this),
      room(options.reserve_bytes),
      file_locks(strand),
      request_locks(strand) {}

v1::RequestHeader Core::OssHeader(uint32_t ost) {
  v1::RequestHeader header;
  header.set_protocol_version(kProtocolVersion);
  header.set_fsid(fsid);
  std::string id = "nacre-mds";
  id.resize(kClientIdBytes - 4);
  AppendBigEndian32(id, options.mdt_index);
  header.set_client_id(std::move(id));
  header.set_xid(++oss_xid);
  header.set_mdt_epoch(kMdtEpoch);
  header.set_target(ost + 1);
  return header;
}

}  // namespace nacre
