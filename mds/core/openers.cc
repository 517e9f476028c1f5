#include "mds/core/openers.h"

#include <string>

namespace nacre {

Status Openers::Add(const Fid& fid, const Opener& opener, bool write, bool size_known) {
  auto& of_session = by_session_[opener.session];
  if (of_session.size() >= kOpenersPerSessionMax) {
    return Status(Code::kBusy, "the session has " + std::to_string(of_session.size()) + " files open: close some");
  }
  File& file = files_[fid];
  auto [it, added] = file.openers.try_emplace(opener, write);
  if (!added) return Status::Ok();  // the same open, sent again
  of_session.emplace(fid, opener.handle);
  if (!write) return Status::Ok();
  ++write_opens_[FidHash()(fid) % write_opens_.size()];
  if (file.writers == 0) file.one_writer_only = size_known;
  if (file.writers > 0) file.one_writer_only = false;
  ++file.writers;
  return Status::Ok();
}

Openers::Closed Openers::Remove(const Fid& fid, const Opener& opener) {
  Closed closed;
  auto at = files_.find(fid);
  if (at == files_.end()) return closed;
  File& file = at->second;
  auto it = file.openers.find(opener);
  if (it == file.openers.end()) return closed;
  closed.found = true;
  closed.wrote = it->second;
  if (it->second) {
    --file.writers;
    closed.last_writer = file.writers == 0;
    closed.only_writer = file.one_writer_only;
  }
  file.openers.erase(it);
  closed.last_opener = file.openers.empty();
  if (closed.last_opener) files_.erase(at);
  auto of_session = by_session_.find(opener.session);
  of_session->second.erase({fid, opener.handle});
  if (of_session->second.empty()) by_session_.erase(of_session);
  return closed;
}

std::vector<std::pair<Fid, uint64_t>> Openers::OfSession(uint64_t session) const {
  auto it = by_session_.find(session);
  if (it == by_session_.end()) return {};
  return {it->second.begin(), it->second.end()};
}

std::vector<Fid> Openers::Files() const {
  std::vector<Fid> files;
  for (const auto& [fid, file] : files_) files.push_back(fid);
  return files;
}

void Openers::Forget(const Fid& fid) {
  auto at = files_.find(fid);
  if (at == files_.end()) return;
  for (const auto& [opener, write] : at->second.openers) {
    auto of_session = by_session_.find(opener.session);
    of_session->second.erase({fid, opener.handle});
    if (of_session->second.empty()) by_session_.erase(of_session);
  }
  files_.erase(at);
}

bool Openers::Has(const Fid& fid, const Opener& opener) const {
  auto it = files_.find(fid);
  return it != files_.end() && it->second.openers.contains(opener);
}

bool Openers::HasWriter(const Fid& fid) const {
  auto it = files_.find(fid);
  return it != files_.end() && it->second.writers > 0;
}

bool Openers::IsOpenByOthers(const Fid& fid, const Opener& than) const {
  auto it = files_.find(fid);
  if (it == files_.end()) return false;
  return it->second.openers.size() > (it->second.openers.contains(than) ? 1u : 0u);
}

bool Openers::MayWrite(const Fid& fid, uint64_t session) const {
  auto it = files_.find(fid);
  if (it == files_.end()) return false;
  const auto& openers = it->second.openers;
  for (auto at = openers.lower_bound({session, 0}); at != openers.end() && at->first.session == session; ++at) {
    if (at->second) return true;
  }
  return false;
}

void Openers::DistrustReports(const Fid& fid) {
  auto it = files_.find(fid);
  if (it != files_.end()) it->second.one_writer_only = false;
}

}  // namespace nacre
