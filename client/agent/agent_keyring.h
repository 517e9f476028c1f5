// AgentKeyring: the Keyring whose keys live in the user's agent process. Each call is one short conversation on the local
// socket; no key stays in this process beyond the caller's. Any thread.
#pragma once

#include <string>

#include "client/agent/agent_protocol.h"
#include "client/core/keyring.h"

namespace nacre {

class AgentKeyring final : public Keyring {
 public:
  // program: what Add() starts as "program agent" when no agent runs; empty: never. directory: empty means the user's
  // (client/agent/agent_place.h).
  explicit AgentKeyring(std::string program, std::string directory = {});

  // kUnavailable: no agent, and none can be started.
  Status Add(const std::string& fsid, const KeyIdentifier& identifier, const SecretKey& key) override;
  // Without an agent there are no keys: kNoKey.
  Result<SecretKey> Find(const std::string& fsid, const KeyIdentifier& identifier) override;
  Status Remove(const std::string& fsid, const KeyIdentifier& identifier) override;
  Result<std::vector<KeyIdentifier>> List(const std::string& fsid) override;
  // All keys of one filesystem; Ok when there was none.
  Status RemoveAll(const std::string& fsid);

 private:
  // kNotFound: no agent runs.
  Result<agent::MessageBuffer> Ask(const agent::Request& request);

  const std::string program_, directory_;
};

}  // namespace nacre
