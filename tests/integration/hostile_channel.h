// Channel: raw bytes to any method of a server, without anything in between that could mend them. One thread.
#pragma once

#include <grpcpp/generic/generic_stub.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nacre::hostile {

struct Answer {
  bool silent = false;   // nothing came within the time limit
  bool transport_ok = false;
  std::string bytes;     // of the reply message
  uint32_t code = 0;     // of its header
  std::string message;

  // Was it done, as far as the server says?
  bool Accepted() const { return transport_ok && code == 0; }
};

class Channel {
 public:
  Channel(const std::string& address, std::string service);
  enum class Packing { kNone, kGzip };
  Answer Call(const std::string& method, const std::string& bytes, Packing packing = Packing::kNone);
  bool Ping();

 private:
  std::unique_ptr<grpc::GenericStub> stub_;
  std::string service_;
};

// One life of a client at a cluster.
struct Session {
  std::string fsid, client_id;
  uint64_t number = 0;
  uint64_t xid = 1;
  std::string root_fid;        // serialized
  uint64_t granted_seq = 0;    // FIDs it may give to what it makes
  uint32_t granted_used = 0;
  std::vector<std::string> known_fids;  // serialized; of what it made to play with, not of the root
};

Session OpenSession(Channel& mds);
// A directory with a file in it, whose FIDs random requests may hit.
bool MakePlayground(Channel& mds, Session& session);
bool JoinOss(Channel& oss, Session& session);

}  // namespace nacre::hostile
