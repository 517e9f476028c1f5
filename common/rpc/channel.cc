#include "common/rpc/channel.h"

#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <limits>

#include "common/rpc/bulk_codec.h"
#include "common/rpc/grpc_tuning.h"

namespace nacre {
namespace {

// A restarted server is found again within a second; a dead one is not hammered.
constexpr int kReconnectMsMin = 50, kReconnectMsMax = 1000;
// Asked so often, and waited for so long: twice this is below the time for which a restarted server waits for its clients.
constexpr int kKeepaliveMs = 10'000;

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  TuneGrpc();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kBulkMessageBytesMax));
  arguments.SetMaxSendMessageSize(static_cast<int>(kBulkMessageBytesMax));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMsMin);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMsMin);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMsMax);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A host that lost power answers nothing, not even that the connection is gone.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A connection of its own, not one shared by all of this process that ask the same server: its bounds are the channel's.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  for (const char* unused : kUnusedGrpcFeatures) arguments.SetInt(unused, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

Status CheckListenAddress(const std::string& address, bool insecure) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return Status(Code::kInvalid, "'" + address + "' is not HOST:PORT");
  }
  const std::string host = address.substr(0, colon);
  const bool loopback = host.starts_with("127.") || host == "localhost" || host == "[::1]";
  if (!loopback && !insecure) {
    return Status(Code::kInvalid, "'" + address + "' is not a loopback address, and this version speaks no TLS yet: say "
                                  "--insecure if everybody on that network may read and change what is sent");
  }
  return Status::Ok();
}

namespace rpc_internal {

Duration TimeoutOf(uint64_t deadline_ms, const RpcOptions& options) {
  return deadline_ms != 0 ? Duration(std::chrono::milliseconds(deadline_ms)) : options.timeout;
}

void SetDeadline(grpc::ClientContext& context, Duration timeout) {
  const int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN)));
}

Status TransportStatus(const grpc::Status& status, const std::string& address) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return Status::Ok();
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Status(Code::kUnavailable, address + " did not answer in time");
    case grpc::StatusCode::UNIMPLEMENTED:
      return Status(Code::kUnsupported, address + " does not know this request");
    default:
      return Status(Code::kUnavailable, address + " is not reached: " + status.error_message());
  }
}

int64_t NowNs() {
  static SystemClock clock;
  return clock.Now().ns;
}

}  // namespace rpc_internal
}  // namespace nacre
