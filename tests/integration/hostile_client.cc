// hostile_client: asks a server what no honest client would, and says whether it answered each with an error and lives on.
//
//   hostile_client mds|oss ADDRESS MDS_ADDRESS SEED ROUNDS
//
// Three parts: messages of broken bytes and monstrous size to every method, and a packed one; requests that are wrong in
// one place (a table, hostile_requests.h), each of which must be refused; and ROUNDS random messages per method, with a
// real session, whose answers may be anything but silence; the same on streams of calls (hostile_streams.h). After each part the server must answer a Ping. Exit 0: all held.
#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <initializer_list>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "mds.pb.h"
#include "oss.pb.h"
#include "tests/integration/hostile_channel.h"
#include "tests/integration/hostile_requests.h"
#include "tests/integration/hostile_streams.h"
#include "tests/integration/random_message.h"

namespace nacre::hostile {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

int failures = 0;

void Expect(bool held, const std::string& what) {
  if (held) return;
  ++failures;
  std::cout << "FAILED: " << what << "\n";
}

// Methods that answer without session, and those that must not be tried with random content: an announcement in the name of
// a target, or a destroy, is honest work as long as nobody has to prove who he is.
bool NeedsNoSession(const std::string& name) { return name == "Ping"; }
bool MayHarm(const std::string& name) {
  return name == "AnnounceTarget" || name == "Destroy" || name == "Disconnect" || name == "Connect";
}

void PingWorks(Channel& channel, const std::string& after) {
  Expect(channel.Ping(), "the server does not answer a ping after " + after);
}

// A field that no message of ours has, with so many bytes in it.
std::string UnknownField(size_t bytes) {
  std::string field = "\xfa\x7f";  // number 2047, a string
  for (size_t rest = bytes;; rest >>= 7) {
    field.push_back(static_cast<char>((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
    if (rest <= 0x7f) break;
  }
  return field.append(bytes, '\0');
}

void SendBrokenBytes(Channel& channel, const ServiceDescriptor& service, std::mt19937_64& rng) {
  const std::string deep(100'000, '\x0a');           // submessage in submessage
  const std::string huge_length = "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
  const std::string monster(64 << 20, 'x');          // beyond what a server admits
  for (int i = 0; i < service.method_count(); ++i) {
    const std::string name = service.method(i)->name();
    std::string noise(1 + rng() % 5000, '\0');
    for (char& c : noise) c = static_cast<char>(rng());
    for (const std::string* bytes : std::initializer_list<const std::string*>{&deep, &huge_length, &monster, &noise}) {
      Expect(!channel.Call(name, *bytes).Accepted(), name + " accepted broken bytes of length " + std::to_string(bytes->size()));
    }
    if (!NeedsNoSession(name)) Expect(!channel.Call(name, "").Accepted(), name + " accepted an empty request");
    PingWorks(channel, "broken bytes to " + name);
  }
  Expect(!channel.Call("NoSuchMethod", "").Accepted(), "a method that is not there answered");
  // A small message that unpacks to a large one: servers unpack none, however honest what is inside.
  const std::string padded_ping = PingRequest() + UnknownField(1 << 20);
  Expect(channel.Call("Ping", padded_ping).Accepted(), "an honest ping of 1 MiB was refused");
  Expect(!channel.Call("Ping", padded_ping, Channel::Packing::kGzip).Accepted(), "a packed message was unpacked");
  PingWorks(channel, "a packed message");
}

void SendWrongRequests(Channel& channel, Session& session, bool mds) {
  for (const WrongRequest& wrong : mds ? WrongMdsRequests(session) : WrongOssRequests(session)) {
    const Answer answer = channel.Call(wrong.method, wrong.bytes);
    Expect(!answer.silent, wrong.method + " (" + wrong.what + ") got no answer");
    Expect(!answer.Accepted(), wrong.method + " accepted: " + wrong.what);
  }
  PingWorks(channel, "wrong requests");
}

// The metadata server ends a session that is silent for a minute, and a slow machine sends to an OST for longer.
void StayAlive(Channel& metadata, Session& session) {
  Expect(metadata.Call("Heartbeat", HonestHeartbeat(session)).Accepted(), "the session was ended");
}

void SendHonestRequest(Channel& channel, Session& session, bool mds, const std::string& when) {
  const Answer answer = channel.Call(mds ? "GetAttr" : "Write", mds ? HonestGetAttr(session) : HonestWrite(session));
  Expect(answer.Accepted(), "an honest request was refused " + when + ": " + answer.message);
}

void SendRandomMessages(Channel& channel, Channel& metadata, const ServiceDescriptor& service, Session& session,
                        std::mt19937_64& rng, int rounds) {
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    if (MayHarm(method.name()) || method.client_streaming()) continue;
    int accepted = 0;
    std::map<std::string, int> refusals;
    for (int round = 0; round < rounds; ++round) {
      if (round % 500 == 0) StayAlive(metadata, session);
      const Answer answer = channel.Call(method.name(), RandomRequest(*method.input_type(), session, rng));
      Expect(!answer.silent, method.name() + ": no answer to random request " + std::to_string(round));
      accepted += answer.Accepted();
      if (!answer.Accepted()) ++refusals[answer.message];
    }
    std::cout << method.name() << ": " << rounds << " random requests, " << accepted << " accepted, " << refusals.size()
              << " ways to refuse\n";
    PingWorks(channel, "random requests to " + method.name());
  }
}

void SendRandomStreams(const std::string& address, bool mds, const ServiceDescriptor& service, Session& session,
                       std::mt19937_64& rng, int rounds) {
  std::vector<const google::protobuf::Descriptor*> requests;
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    if (!MayHarm(method.name()) && !method.client_streaming()) requests.push_back(method.input_type());
  }
  for (const std::string& failure : SendRandomFrames(address, mds, requests, session, rng, rounds)) Expect(false, failure);
  Channel channel(address, mds ? "Mds" : "Oss");
  PingWorks(channel, "random streams");
}

int Run(const std::string& kind, const std::string& address, const std::string& mds_address, uint64_t seed, int rounds) {
  const bool mds = kind == "mds";
  const ServiceDescriptor* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      mds ? "nacre.v1.Mds" : "nacre.v1.Oss");
  std::mt19937_64 rng(seed);
  Channel channel(address, mds ? "Mds" : "Oss");
  Channel metadata(mds_address, "Mds");
  PingWorks(channel, "nothing at all");
  SendBrokenBytes(channel, *service, rng);
  Session session = OpenSession(metadata);
  if (session.number == 0) {
    std::cout << "FAILED: no session\n";
    return 1;
  }
  Expect(MakePlayground(metadata, session), "an honest create was refused");
  // The control: an honest request of this session is accepted, so that a refusal means something.
  if (!mds) Expect(JoinOss(channel, session), "the OSS refuses an honest session");
  SendHonestRequest(channel, session, mds, "at first");
  SendWrongRequests(channel, session, mds);
  SendRandomMessages(channel, metadata, *service, session, rng, rounds);
  SendRandomStreams(address, mds, *service, session, rng, rounds);
  SendHonestRequest(channel, session, mds, "after all that");
  std::cout << (failures == 0 ? "all held\n" : "not all held\n");
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nacre::hostile

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "hostile_client mds|oss ADDRESS MDS_ADDRESS SEED ROUNDS\n";
    return 2;
  }
  return nacre::hostile::Run(argv[1], argv[2], argv[3], std::stoull(argv[4]), std::stoi(argv[5]));
}
