// An OST that is found at another address while calls are on their way to the old one.
#include "tests/unit/cluster/test_client.h"

namespace nacre {
namespace {

template <typename Reply>
Task<Result<Reply>> Counted(std::shared_ptr<int> inside, Task<Result<Reply>> call) {
  ++*inside;
  Result<Reply> reply = co_await std::move(call);
  --*inside;
  co_return reply;
}

// A channel, as far as its life goes: it must not go while a call is inside.
class Channel final : public OssApi {
 public:
  explicit Channel(std::shared_ptr<OssApi> link) : link_(std::move(link)) {}
  ~Channel() override { EXPECT_EQ(*inside_, 0) << "calls were left behind"; }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  Task<Result<v1::WriteReply>> Write(v1::WriteHeader header, CipherRunPtr run) override {
    return Counted(inside_, link_->Write(std::move(header), std::move(run)));
  }
  Task<Result<ObjectPages>> Read(v1::ReadRequest request) override {
    return Counted(inside_, link_->Read(request));
  }
  Task<Result<v1::OssConnectReply>> Connect(v1::OssConnectRequest request) override {
    return Counted(inside_, link_->Connect(request));
  }
  Task<Result<v1::OssEndReplayReply>> EndReplay(v1::OssEndReplayRequest request) override {
    return Counted(inside_, link_->EndReplay(request));
  }
  Task<Result<v1::OssDisconnectReply>> Disconnect(v1::OssDisconnectRequest request) override {
    return Counted(inside_, link_->Disconnect(request));
  }
  Task<Result<v1::SetSizeReply>> SetSize(v1::SetSizeRequest request) override {
    return Counted(inside_, link_->SetSize(request));
  }
  Task<Result<v1::PunchReply>> Punch(v1::PunchRequest request) override {
    return Counted(inside_, link_->Punch(request));
  }
  Task<Result<v1::GlimpseReply>> Glimpse(v1::GlimpseRequest request) override {
    return Counted(inside_, link_->Glimpse(request));
  }
  Task<Result<v1::DestroyReply>> Destroy(v1::DestroyRequest request) override {
    return Counted(inside_, link_->Destroy(request));
  }
  Task<Result<v1::ListObjectsReply>> ListObjects(v1::ListObjectsRequest request) override {
    return Counted(inside_, link_->ListObjects(request));
  }
  Task<Result<v1::CommitReply>> Commit(v1::CommitRequest request) override {
    return Counted(inside_, link_->Commit(request));
  }
  Task<Result<v1::OssPingReply>> Ping(v1::OssPingRequest request) override {
    return Counted(inside_, link_->Ping(request));
  }

 private:
  const std::shared_ptr<OssApi> link_;
  const std::shared_ptr<int> inside_ = std::make_shared<int>(0);
};

class MovedOst : public testing::TestWithParam<const char*> {
 protected:
  MovedOst() {
    client.on_connect = [this](const std::string& address, std::shared_ptr<OssApi> link) {
      connected.push_back(address);
      return std::make_shared<Channel>(std::move(link));
    };
  }
  Task<Status> ReadAgain(Opened file) {
    Bytes out(kPageBytes);
    co_return (co_await file->Read(0, out)).status();
  }
  Task<Status> WriteMore(Opened file, ByteView data) {
    co_return co_await file->Write(kPageBytes, data);
  }
  Task<Status> Travels(const Opened& file, const std::string& call, ByteView data) {
    if (call == "oss.Commit") return client.core.Commit();
    return call == "oss.Write" ? WriteMore(file, data) : ReadAgain(file);
  }

  Cluster cluster{11, 1};
  std::vector<std::string> connected;
  TestClient client{cluster, 12};
};
INSTANTIATE_TEST_SUITE_P(During, MovedOst, testing::Values("oss.Write", "oss.Read", "oss.Commit"),
                         [](const auto& info) { return std::string(info.param).substr(4); });

TEST_P(MovedOst, CallsOnTheirWayToTheOldAddressEndThere) {
  const Opened file = client.Create("/file");
  const Bytes page(kPageBytes, 'p');
  ASSERT_TRUE(client.Write(file, 0, page).ok());
  cluster.MoveOst(0);
  // One call travels for long; others are lost meanwhile, until the client asks where the OST is.
  bool first = true;
  client.log.weather = [&first](const std::string& name) {
    CallLog::Journey journey;
    if (name == GetParam() && std::exchange(first, false)) journey.there = std::chrono::seconds(20);
    return journey;
  };
  std::vector<Task<Status>> both;
  both.push_back(Travels(file, GetParam(), page));
  both.push_back(ReadAgain(file));
  for (int i = 0; i < 3; ++i)
    client.log.LoseNext("oss.Read", CallLog::Loss::kRequest,
                        GetParam() == std::string("oss.Read") ? 1 : 0);
  for (const Status& status : cluster.loop.Run(WhenAll(std::move(both))))
    EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(connected, (std::vector<std::string>{"ost:0", "moved:0"}));
  EXPECT_EQ(client.All(file).size(),
            GetParam() == std::string("oss.Write") ? 2 * kPageBytes : kPageBytes);
  EXPECT_TRUE(client.Close(file).ok());
}

}  // namespace
}  // namespace nacre
