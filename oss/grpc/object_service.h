// ObjectService: gRPC in, OssApi call, gRPC out. Decides nothing. Write and Read are raw: their pages stay in gRPC's slices
// (common/rpc/bulk_codec.h). Calls come on the loops' threads; the core hops to its strand by itself.
#pragma once

#include "common/api/oss_api.h"
#include "common/rpc/grpc_server.h"
#include "oss.grpc.pb.h"

namespace nacre {

class ObjectService final : public RpcService {
 public:
  ObjectService(OssApi& api, uint64_t boot_count) : api_(api), boot_count_(boot_count) {}

  grpc::Service& generated() override { return generated_; }
  void TakeCalls(grpc::ServerCompletionQueue& queue, CallsUnderWay& under_way) override;

 private:
  using Generated = v1::Oss::WithRawMethod_Write<v1::Oss::WithRawMethod_Read<v1::Oss::AsyncService>>;

  OssApi& api_;
  const uint64_t boot_count_;
  Generated generated_;
};

}  // namespace nacre
