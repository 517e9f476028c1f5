#include "client/core/client_core.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace nacre {

ClientCore::ClientCore(Environment environment)
    : environment_(std::move(environment)),
      session_(std::make_shared<Session>(environment_)),
      keys_(*environment_.keyring, *environment_.clock),
      budget_(*environment_.pool, environment_.uncommitted_bytes_max),
      buffers_(environment_.uncommitted_bytes_max),
      osts_(environment_, session_, budget_),
      reads_(*environment_.pool, kReadsInFlight),
      writes_(*environment_.pool, kWritesInFlight),
      files_{environment_, session_, keys_, osts_, budget_, buffers_, reads_, writes_},
      names_(environment_, session_, keys_),
      opener_(names_, files_),
      closer_(session_),
      policies_(environment_, names_),
      removal_(environment_, names_) {}

Task<Status> ClientCore::Start() {
  const Status status = co_await session_->Start();
  if (status.ok()) keys_.SetFsid(session_->fsid());
  co_return status;
}

Task<Status> ClientCore::Commit() {
  const Status committed = co_await osts_.CommitAll();
  const Status flushed = co_await closer_.Flush();
  const Status stable = co_await session_->Commit();
  if (!committed.ok()) co_return committed;
  co_return flushed.ok() ? stable : flushed;
}

Task<Status> ClientCore::End() {
  const Status committed = co_await osts_.CommitAll();
  co_await osts_.Quiet();
  // Of all together: as long as a server takes to restart.
  const MonotonicTime patience =
      environment_.clock->Now() + std::min<Duration>(environment_.wait_timeout, std::chrono::seconds(5));
  for (const std::shared_ptr<Ost>& ost : osts_.All()) {
    const Status ignored = co_await ost->Disconnect(patience);  // everything is committed: nothing hangs on it
    static_cast<void>(ignored);
  }
  const Status stable = co_await session_->Commit();
  const Status ended = co_await session_->End(patience);
  if (!committed.ok()) co_return committed;
  co_return stable.ok() ? ended : stable;
}

}  // namespace nacre
