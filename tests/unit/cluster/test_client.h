// TestClient: a ClientCore of a Cluster, with a keyring and a call log of its own, and short ways to ask it things.
// Answers are Status or Code, so that a test says what it expects in one line.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/core/client_core.h"
#include "client/core/memory_keyring.h"
#include "common/wire/wire.h"
#include "tests/unit/cluster/cluster.h"

namespace nacre {

using Opened = std::shared_ptr<OpenFile>;
using Bytes = std::vector<uint8_t>;

inline bool FullEffort() {
  const char* effort = std::getenv("NACRE_EFFORT");
  return effort != nullptr && std::string(effort) == "full";
}
// Sanitized code is 10 to 40 times slower; what it looks for shows in the first fraction of the operations.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
// NACRE_SEED repeats one run.
inline uint64_t ChosenSeed(uint64_t usual) {
  const char* given = std::getenv("NACRE_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : usual;
  std::printf("NACRE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}
inline Bytes RandomBytes(Random& random, size_t size) {
  Bytes bytes(size);
  random.Fill(bytes);
  return bytes;
}
inline std::shared_ptr<const MasterKey> KeyNumber(uint8_t number) {
  Bytes raw(64, number);
  return std::make_shared<const MasterKey>(*SecretKey::FromBytes(raw));
}

class TestClient {
 public:
  TestClient(Cluster& cluster, uint64_t seed, Duration wait = std::chrono::seconds(60), uint32_t uid = 0,
             uint64_t uncommitted_bytes_max = 64 << 20)
      : cluster_(cluster), random_(seed), core(MakeEnvironment(wait, uid, uncommitted_bytes_max)) {
    const Status started = Run(core.Start());
    EXPECT_TRUE(started.ok()) << started.ToString();
  }
  ~TestClient() {
    if (!ended_) (void)End();
  }
  Status End() {
    ended_ = true;
    return Run(core.End());
  }

  template <typename T>
  T Run(Task<T> task) {
    return cluster_.loop.Run(std::move(task));
  }

  static FileOpener::Wish NewFile(uint32_t stripes = 1) {
    FileOpener::Wish wish;
    wish.write = wish.create = wish.exclusive = true;
    wish.hint.set_stripe_count(stripes);
    wish.hint.set_stripe_bytes(kStripeBytesUnit);
    return wish;
  }
  static FileOpener::Wish Existing(bool write) {
    FileOpener::Wish wish;
    wish.write = write;
    return wish;
  }
  Result<Opened> TryOpen(const std::string& path, FileOpener::Wish wish) {
    return Run(core.opener().Open(path, std::move(wish)));
  }
  Opened Create(const std::string& path, uint32_t stripes = 1) { return Must(TryOpen(path, NewFile(stripes)), path); }
  Opened Open(const std::string& path, bool write = true) { return Must(TryOpen(path, Existing(write)), path); }
  Status Close(Opened file) { return Run(core.closer().Close(std::move(file))); }

  Status Write(const Opened& file, uint64_t offset, ByteView data) { return Run(file->Write(offset, data)); }
  Status Write(const Opened& file, uint64_t offset, std::string_view text) { return Write(file, offset, AsBytes(text)); }
  Result<Bytes> Read(const Opened& file, uint64_t offset, size_t length) {
    Bytes out(length, 0xee);
    const Result<size_t> got = Run(file->Read(offset, out));
    if (!got.ok()) return got.status();
    out.resize(*got);
    return out;
  }
  Bytes All(const Opened& file) {
    const Result<Bytes> bytes = Read(file, 0, 4 << 20);
    EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
    return bytes.ok() ? *bytes : Bytes();
  }
  std::string Text(const Opened& file) { return ToString(ByteView(All(file))); }
  // A closed file with this content.
  void Put(const std::string& path, std::string_view content) {
    const Opened file = Create(path);
    ASSERT_NE(file, nullptr);
    const Status written = Write(file, 0, content);
    EXPECT_TRUE(written.ok()) << written.ToString();
    const Status closed = Close(file);
    EXPECT_TRUE(closed.ok()) << closed.ToString();
  }
  std::string Get(const std::string& path) {
    const Opened file = Open(path, false);
    if (file == nullptr) return "(cannot be opened)";
    std::string text = Text(file);
    EXPECT_TRUE(Close(file).ok());
    return text;
  }

  Result<v1::Inode> Stat(const std::string& path) { return Run(core.names().Find(path, Namespace::Last::kLookUp)); }
  uint64_t SizeOf(const std::string& path) {
    const Result<v1::Inode> inode = Stat(path);
    EXPECT_TRUE(inode.ok()) << inode.status().ToString();
    return inode.ok() ? inode->attr().size() : ~uint64_t{0};
  }
  Code MakeDir(const std::string& path) { return Run(core.names().MakeDirectory(path, 0755, false)).code(); }
  Code Symlink(const std::string& target, const std::string& path) {
    return Run(core.names().MakeSymlink(target, path)).code();
  }
  Code Unlink(const std::string& path, bool directory = false) {
    return Run(core.names().Unlink(path, directory)).code();
  }
  Code Rename(const std::string& from, const std::string& to) {
    return Run(core.names().Rename(from, to, false, false)).code();
  }
  Code Link(const std::string& from, const std::string& to) { return Run(core.names().Link(from, to)).code(); }
  Code RemoveTree(const std::string& path) { return Run(core.removal().Remove(path)).code(); }
  Code Encrypt(const std::string& path, uint8_t key) {
    return Run(core.policies().Encrypt(path, KeyNumber(key), PolicyOptions())).code();
  }
  Code Unlock(const std::string& path, uint8_t key) { return Run(core.policies().Unlock(path, KeyNumber(key))).code(); }
  Code Lock(const std::string& path) {
    const Code code = Run(core.policies().Lock(path)).code();
    cluster_.loop.Pass(std::chrono::seconds(1));  // what other caches of keys there are have asked again
    return code;
  }
  // Names as shown, in the directory's order.
  std::vector<std::string> List(const std::string& path) {
    std::vector<std::string> names;
    const Result<DirectoryPtr> directory = Run(core.names().FindDirectory(path));
    EXPECT_TRUE(directory.ok()) << directory.status().ToString();
    if (!directory.ok()) return names;
    for (uint64_t after = 0;;) {
      const Result<v1::ReaddirReply> page = Run(core.names().ReadPage((*directory)->fid(), after, false));
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      if (!page.ok()) return names;
      for (const auto& entry : page->entries()) {
        after = entry.cookie();
        const Result<std::string> shown = (*directory)->ShownName(entry.cookie(), entry.name());
        EXPECT_TRUE(shown.ok()) << shown.status().ToString();
        EXPECT_NE(entry.inode().attr().type(), v1::FILE_TYPE_NONE) << "an entry leads nowhere";
        EXPECT_TRUE((*directory)->CheckChild(entry.inode()).ok()) << path << " shows another policy";
        if (shown.ok()) names.push_back(*shown);
      }
      if (page->end()) return names;
    }
  }

 private:
  Opened Must(Result<Opened> file, const std::string& path) {
    EXPECT_TRUE(file.ok()) << path << ": " << file.status().ToString();
    return file.ok() ? *file : nullptr;
  }
  Environment MakeEnvironment(Duration wait, uint32_t uid, uint64_t uncommitted_bytes_max) {
    Environment environment;
    environment.mds = MakeLink(&cluster_.loop, cluster_.mds_place(), &log);
    environment.mds_address = "mds:0";
    environment.connect_oss = [this](const std::string& address) -> std::shared_ptr<OssApi> {
      const std::shared_ptr<OssApi> link = MakeLink(&cluster_.loop, cluster_.ost_place(address), &log);
      return on_connect ? on_connect(address, link) : link;
    };
    environment.pool = &cluster_.loop;
    environment.timers = &cluster_.loop;
    environment.clock = &cluster_.loop;
    environment.random = &random_;
    environment.keyring = &keyring_;
    environment.caller.set_uid(uid);
    environment.client_name = "test";
    environment.notice = [this](const std::string& text) { notices.push_back(text); };
    environment.wait_timeout = wait;
    environment.uncommitted_bytes_max = uncommitted_bytes_max;
    return environment;
  }

  Cluster& cluster_;
  SeededRandom random_;
  MemoryKeyring keyring_;
  bool ended_ = false;

 public:
  std::vector<std::string> notices;  // what a user who waits is told
  CallLog log;
  // If set: what the client is to have instead of the link to an OST that it begins to use.
  std::function<std::shared_ptr<OssApi>(const std::string& address, std::shared_ptr<OssApi> link)> on_connect;
  ClientCore core;
};

}  // namespace nacre
