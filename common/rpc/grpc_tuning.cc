#include "common/rpc/grpc_tuning.h"

#include <absl/synchronization/mutex.h>

namespace nacre {

void TuneGrpc() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace nacre
