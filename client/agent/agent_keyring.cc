#include "client/agent/agent_keyring.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "client/agent/agent_place.h"
#include "client/agent/agent_process.h"
#include "client/agent/unix_socket.h"

namespace nacre {

using agent::MessageBuffer;
using agent::Operation;
using agent::Reply;
using agent::Request;

namespace {

constexpr std::chrono::milliseconds kAnswerLimit{10'000};
constexpr int kStartsMax = 5;  // an agent may end just when we come; five times in a row it does not

Result<MessageBuffer> Converse(int fd, const Request& request) {
  NACRE_RETURN_IF_ERROR(agent::CheckPeerIsOurUser(fd));
  const MessageBuffer message = agent::EncodeRequest(request);
  NACRE_RETURN_IF_ERROR(agent::SendAll(fd, message.filled(), kAnswerLimit));
  return agent::ReceiveMessage(fd, agent::kReplyBodyBytesMax, kAnswerLimit);
}

bool NobodyThere(Code code) { return code == Code::kNotFound || code == Code::kUnavailable; }

Status CheckFsid(const std::string& fsid) {
  if (!fsid.empty() && fsid.size() <= agent::kFsidBytesMax) return Status::Ok();
  return Status(Code::kInvalid, "filesystem id of " + std::to_string(fsid.size()) + " bytes");
}

}  // namespace

AgentKeyring::AgentKeyring(std::string program, std::string directory)
    : program_(std::move(program)), directory_(std::move(directory)) {}

Result<MessageBuffer> AgentKeyring::Ask(const Request& request) {
  NACRE_RETURN_IF_ERROR(CheckFsid(request.fsid));
  std::string directory = directory_;
  if (directory.empty()) {
    Result<std::string> found = agent::FindAgentDirectory();
    if (!found.ok()) return found.status();
    directory = *found;
  }
  const Result<int> fd = agent::ConnectTo(agent::SocketPath(directory));
  if (!fd.ok()) return fd.status();
  Result<MessageBuffer> answer = Converse(*fd, request);
  close(*fd);
  return answer;
}

Status AgentKeyring::Add(const std::string& fsid, const KeyIdentifier& identifier, const SecretKey& key) {
  const Request request{.operation = Operation::kAdd, .fsid = fsid, .identifier = identifier, .key = key.bytes()};
  for (int attempt = 0; attempt < kStartsMax; ++attempt) {
    Result<MessageBuffer> answer = Ask(request);
    if (answer.ok()) {
      const Result<Reply> reply = agent::ParseReply(answer->filled());
      if (!reply.ok()) return reply.status();
      return reply->code == Code::kOk ? Status::Ok() : Status(reply->code, "the key agent does not take the key");
    }
    if (!NobodyThere(answer.code())) return answer.status();
    if (program_.empty()) return Status(Code::kUnavailable, "no key agent runs, and this program starts none");
    NACRE_RETURN_IF_ERROR(agent::StartAgent(program_));
  }
  return Status(Code::kUnavailable, "the key agent ends as soon as it starts");
}

Result<SecretKey> AgentKeyring::Find(const std::string& fsid, const KeyIdentifier& identifier) {
  Result<MessageBuffer> answer = Ask({.operation = Operation::kFind, .fsid = fsid, .identifier = identifier});
  const Status locked(Code::kNoKey, "the key " + ToHex(identifier) + " is not unlocked");
  if (NobodyThere(answer.code())) return locked;
  if (!answer.ok()) return answer.status();
  const Result<Reply> reply = agent::ParseReply(answer->filled());
  if (!reply.ok()) return reply.status();
  if (reply->code == Code::kNoKey) return locked;
  if (reply->code != Code::kOk) return Status(reply->code, "the key agent refuses");
  return SecretKey::FromBytes(reply->payload);
}

Status AgentKeyring::Remove(const std::string& fsid, const KeyIdentifier& identifier) {
  Result<MessageBuffer> answer = Ask({.operation = Operation::kRemove, .fsid = fsid, .identifier = identifier});
  const Status absent(Code::kNoKey, "the key " + ToHex(identifier) + " was not unlocked");
  if (NobodyThere(answer.code())) return absent;
  if (!answer.ok()) return answer.status();
  const Result<Reply> reply = agent::ParseReply(answer->filled());
  if (!reply.ok()) return reply.status();
  if (reply->code == Code::kNoKey) return absent;
  return reply->code == Code::kOk ? Status::Ok() : Status(reply->code, "the key agent refuses");
}

Result<std::vector<KeyIdentifier>> AgentKeyring::List(const std::string& fsid) {
  std::vector<KeyIdentifier> identifiers;
  Result<MessageBuffer> answer = Ask({.operation = Operation::kList, .fsid = fsid});
  if (NobodyThere(answer.code())) return identifiers;
  if (!answer.ok()) return answer.status();
  const Result<Reply> reply = agent::ParseReply(answer->filled());
  if (!reply.ok()) return reply.status();
  if (reply->code != Code::kOk) return Status(reply->code, "the key agent refuses");
  if (reply->payload.size() % sizeof(KeyIdentifier) != 0) return Status(Code::kInvalid, "agent message: a list cut off");
  identifiers.resize(reply->payload.size() / sizeof(KeyIdentifier));
  if (!identifiers.empty()) std::memcpy(identifiers.data(), reply->payload.data(), reply->payload.size());
  return identifiers;
}

Status AgentKeyring::RemoveAll(const std::string& fsid) {
  Result<MessageBuffer> answer = Ask({.operation = Operation::kRemoveAll, .fsid = fsid});
  if (NobodyThere(answer.code())) return Status::Ok();
  if (!answer.ok()) return answer.status();
  const Result<Reply> reply = agent::ParseReply(answer->filled());
  if (!reply.ok()) return reply.status();
  return reply->code == Code::kOk ? Status::Ok() : Status(reply->code, "the key agent refuses");
}

}  // namespace nacre
