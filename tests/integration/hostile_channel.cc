#include "tests/integration/hostile_channel.h"

#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <future>
#include <vector>

#include "common/base/random.h"
#include "common/wire/wire.h"
#include "mds.pb.h"
#include "oss.pb.h"
#include "tests/integration/hostile_requests.h"

namespace nacre::hostile {
namespace {

constexpr int kAnswerSecondsMax = 60;

std::string Join(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return {};
  std::string out;
  for (const grpc::Slice& slice : slices) out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

// Every reply begins with its header as field 1; a read's stands one level deeper.
void FillVerdict(const std::string& method, Answer& answer) {
  v1::ReadReply read;
  v1::HeartbeatReply other;
  const bool parsed = method == "Read" ? read.ParseFromString(answer.bytes) : other.ParseFromString(answer.bytes);
  if (!parsed) return;
  const v1::ReplyHeader& header = method == "Read" ? read.header().header() : other.header();
  answer.code = header.code();
  answer.message = header.message();
}

// Of this process alone: a server takes a Connect with an id that it knows for the copy of an earlier one, and goes on with
// the session begun then, whose xids are ahead of ours.
std::string FreshClientId() {
  SystemRandom random;
  std::string id(kClientIdBytes, '\0');
  random.Fill(MutableBytes(reinterpret_cast<uint8_t*>(id.data()), id.size()));
  return id;
}

}  // namespace

Channel::Channel(const std::string& address, std::string service) : service_(std::move(service)) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetMaxReceiveMessageSize(-1);
  stub_ = std::make_unique<grpc::GenericStub>(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

Answer Channel::Call(const std::string& method, const std::string& bytes, Packing packing) {
  grpc::ClientContext context;
  if (packing == Packing::kGzip) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kAnswerSecondsMax, GPR_TIMESPAN)));
  context.set_wait_for_ready(true);
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer request(&slice, 1), reply;
  std::promise<grpc::Status> done;
  stub_->UnaryCall(&context, "/nacre.v1." + service_ + "/" + method, grpc::StubOptions(), &request, &reply,
                   [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  Answer answer{.silent = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED, .transport_ok = status.ok()};
  if (status.ok()) {
    answer.bytes = Join(reply);
    FillVerdict(method, answer);
  }
  return answer;
}

bool Channel::Ping() { return Call("Ping", PingRequest()).Accepted(); }

Session OpenSession(Channel& mds) {
  Session session;
  session.client_id = FreshClientId();
  v1::ConnectRequest connect;
  FillHeader(session, *connect.mutable_header());
  connect.set_client_name("hostile_client");
  v1::ConnectReply reply;
  if (!reply.ParseFromString(mds.Call("Connect", connect.SerializeAsString()).bytes)) return session;
  session.number = reply.session();
  session.fsid = reply.fsid();
  session.root_fid = reply.root().fid().SerializeAsString();
  v1::GrantFidsRequest grant;
  FillHeader(session, *grant.mutable_header());
  v1::GrantFidsReply granted;
  if (granted.ParseFromString(mds.Call("GrantFids", grant.SerializeAsString()).bytes)) session.granted_seq = granted.seq();
  return session;
}

bool MakePlayground(Channel& mds, Session& session) {
  v1::MakeRequest make;
  FillHeader(session, *make.mutable_header());
  make.mutable_parent()->mutable_fid()->ParseFromString(session.root_fid);
  make.mutable_name()->set_stored("playground of session " + std::to_string(session.number));
  make.set_type(v1::FILE_TYPE_DIRECTORY);
  make.set_mode(0755);
  make.mutable_fid()->set_seq(session.granted_seq);
  make.mutable_fid()->set_oid(++session.granted_used);
  v1::OpenRequest open;
  FillHeader(session, *open.mutable_header());
  *open.mutable_parent()->mutable_fid() = make.fid();
  open.mutable_name()->set_stored("a");
  open.mutable_fid()->set_seq(session.granted_seq);
  open.mutable_fid()->set_oid(++session.granted_used);
  open.set_create(true);
  open.set_write(true);
  open.set_mode(0644);
  session.known_fids = {make.fid().SerializeAsString(), open.fid().SerializeAsString()};
  return mds.Call("Make", make.SerializeAsString()).Accepted() && mds.Call("Open", open.SerializeAsString()).Accepted();
}

bool JoinOss(Channel& oss, Session& session) {
  v1::OssConnectRequest connect;
  FillHeader(session, *connect.mutable_header());
  return oss.Call("Connect", connect.SerializeAsString()).Accepted();
}

}  // namespace nacre::hostile
