#include "common/recovery/session_table.h"

#include <algorithm>

#include <utility>

namespace nacre {

Status SessionTable::Open(uint64_t number, std::string client_id, std::string client_name, MonotonicTime now) {
  if (number == 0) return Status(Code::kInvalid, "session 0 is nobody's");
  if (client_id.size() != 16) return Status(Code::kInvalid, "a client id has 16 bytes");
  auto [it, added] = sessions_.try_emplace(number);
  KnownSession& session = it->second;
  if (added) {
    session.client_id = std::move(client_id);
    session.number = number;
    session.client_name = std::move(client_name);
  } else if (session.client_id != client_id) {
    return Status(Code::kInvalid, "session " + std::to_string(number) + " is another client's");
  }
  session.last_heard = now;
  return Status::Ok();
}

Result<KnownSession*> SessionTable::Admit(uint64_t number, const std::string& client_id, MonotonicTime now) {
  auto it = sessions_.find(number);
  if (it == sessions_.end()) {
    return Status(Code::kNotConnected, "session " + std::to_string(number) + " is not known here (closed or expired)");
  }
  if (it->second.client_id != client_id) {
    return Status(Code::kInvalid, "session " + std::to_string(number) + " is another client's");
  }
  it->second.last_heard = now;
  return &it->second;
}

std::vector<uint64_t> SessionTable::SilentSince(MonotonicTime limit) const {
  std::vector<uint64_t> silent;
  for (const auto& [number, session] : sessions_) {
    if (session.last_heard < limit) silent.push_back(number);
  }
  return silent;
}

std::vector<uint64_t> SessionTable::Numbers() const {
  std::vector<uint64_t> numbers;
  for (const auto& [number, session] : sessions_) numbers.push_back(number);
  return numbers;
}

uint64_t SessionTable::OfClient(const std::string& client_id) const {
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const auto& entry) { return entry.second.client_id == client_id; });
  return found == sessions_.end() ? 0 : found->first;
}

KnownSession* SessionTable::Find(uint64_t number) {
  auto it = sessions_.find(number);
  return it == sessions_.end() ? nullptr : &it->second;
}

}  // namespace nacre
