// ClientCore: the client's parts, put together: one session, its OSTs, names, files. The façade (client/libnacre.cc) and
// client/copy stand on it. Any thread.
#pragma once

#include <memory>

#include "client/core/file_closer.h"
#include "client/core/file_opener.h"
#include "client/core/namespace.h"
#include "client/core/policies.h"
#include "client/core/tree_removal.h"

namespace nacre {

class ClientCore {
 public:
  explicit ClientCore(Environment environment);
  ClientCore(const ClientCore&) = delete;

  Task<Status> Start();
  // Everything this client wrote is stable, what was put off is sent.
  Task<Status> Commit();
  // Commits, ends all sessions. Nothing may be under way.
  Task<Status> End();

  const Environment& environment() const { return environment_; }
  Session& session() { return *session_; }
  OstTable& osts() { return osts_; }
  KeyCache& keys() { return keys_; }
  Namespace& names() { return names_; }
  FileOpener& opener() { return opener_; }
  FileCloser& closer() { return closer_; }
  Policies& policies() { return policies_; }
  TreeRemoval& removal() { return removal_; }
  const FileServices& files() const { return files_; }

 private:
  static constexpr uint64_t kReadsInFlight = 16, kWritesInFlight = 16;

  const Environment environment_;
  const std::shared_ptr<Session> session_;
  KeyCache keys_;
  BufferBudget budget_;
  BufferPools buffers_;
  OstTable osts_;
  AsyncSemaphore reads_, writes_;
  const FileServices files_;
  Namespace names_;
  FileOpener opener_;
  FileCloser closer_;
  Policies policies_;
  TreeRemoval removal_;
};

}  // namespace nacre
