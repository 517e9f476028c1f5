#include "tests/integration/hostile_requests.h"

#include <functional>
#include <limits>

#include "mds.pb.h"
#include "oss.pb.h"

namespace nacre::hostile {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
constexpr size_t kPage = 4096;

// Collects requests: make an honest one, spoil it, keep the bytes.
class Table {
 public:
  explicit Table(Session& session) : session_(session) {}

  template <typename Request>
  void Add(const std::string& method, const std::string& what, const std::function<void(Request&)>& spoil) {
    Request request;
    FillHeader(session_, *request.mutable_header());
    spoil(request);
    rows_.push_back({method, what, request.SerializeAsString()});
  }
  // For the two whose header stands one level deeper.
  void AddWrite(const std::string& what, const std::function<void(v1::WriteRequest&)>& spoil) {
    v1::WriteRequest request;
    FillWrite(request);
    spoil(request);
    rows_.push_back({"Write", what, request.SerializeAsString()});
  }
  void FillWrite(v1::WriteRequest& request) {
    v1::WriteHeader& header = *request.mutable_header();
    FillHeader(session_, *header.mutable_header());
    FillObject(*header.mutable_object());
    header.set_file_epoch(1);
    header.set_page_count(1);
    request.set_pages(std::string(kPage, 'w'));
  }
  void FillObject(v1::ObjectId& object) {
    object.mutable_fid()->set_seq(session_.granted_seq);
    object.mutable_fid()->set_oid(1);
  }
  void FillRoot(v1::Parent& parent) { parent.mutable_fid()->ParseFromString(session_.root_fid); }
  void FillRoot(v1::Fid& fid) { fid.ParseFromString(session_.root_fid); }
  void FillNewFid(v1::Fid& fid) {
    fid.set_seq(session_.granted_seq);
    fid.set_oid(++session_.granted_used);
  }
  static void FillUnknown(v1::Fid& fid) {
    fid.set_seq(kMax - 5);
    fid.set_oid(77);
  }

  std::vector<WrongRequest> Take() { return std::move(rows_); }

 private:
  Session& session_;
  std::vector<WrongRequest> rows_;
};

void AddWrongHeaders(Table& table) {
  const auto add = [&table](const std::string& what, const std::function<void(v1::RequestHeader&)>& spoil) {
    table.Add<v1::ReaddirRequest>("Readdir", what, [&](v1::ReaddirRequest& request) {
      table.FillRoot(*request.mutable_fid());
      request.set_entries_max(10);
      spoil(*request.mutable_header());
    });
  };
  add("protocol version 0", [](auto& header) { header.set_protocol_version(0); });
  add("protocol version 99", [](auto& header) { header.set_protocol_version(99); });
  add("unknown feature bits", [](auto& header) { header.set_features(kMax); });
  add("another filesystem's id", [](auto& header) { header.set_fsid(std::string(16, 'f')); });
  add("an id of the wrong length", [](auto& header) { header.set_fsid("short"); });
  add("no client id", [](auto& header) { header.clear_client_id(); });
  add("a client id of a megabyte", [](auto& header) { header.set_client_id(std::string(1 << 20, 'c')); });
  add("an unknown session", [](auto& header) { header.set_session(kMax); });
  add("a foreign client id", [](auto& header) { header.set_client_id(std::string(16, '!')); });
  add("a slot beyond all slots", [](auto& header) { header.set_slot(std::numeric_limits<uint32_t>::max()); });
  add("a replay, which nobody speaks yet", [](auto& header) { header.set_replay(true); });
  add("a trace id of the wrong length", [](auto& header) { header.set_trace_id("x"); });
}

void AddUnknownFids(Table& table) {
  table.Add<v1::GetAttrRequest>("GetAttr", "unknown FID", [](auto& r) { Table::FillUnknown(*r.mutable_fid()); });
  table.Add<v1::GetAttrRequest>("GetAttr", "no FID", [](auto&) {});
  table.Add<v1::GetPathRequest>("GetPath", "unknown FID", [](auto& r) { Table::FillUnknown(*r.mutable_fid()); });
  table.Add<v1::ReaddirRequest>("Readdir", "unknown FID", [](auto& r) { Table::FillUnknown(*r.mutable_fid()); });
  table.Add<v1::SetAttrRequest>("SetAttr", "unknown FID", [](auto& r) {
    Table::FillUnknown(*r.mutable_fid());
    r.set_set_mode(true);
  });
  table.Add<v1::TruncateRequest>("Truncate", "unknown FID", [](auto& r) { Table::FillUnknown(*r.mutable_fid()); });
  table.Add<v1::PunchFileRequest>("Punch", "unknown FID", [](auto& r) {
    Table::FillUnknown(*r.mutable_fid());
    r.set_page_count(1);
  });
  table.Add<v1::GetXattrsRequest>("GetXattrs", "unknown FID", [](auto& r) { Table::FillUnknown(*r.mutable_fid()); });
  table.Add<v1::SetPolicyRequest>("SetPolicy", "unknown FID", [](auto& r) { Table::FillUnknown(*r.mutable_fid()); });
  table.Add<v1::SetLayoutRequest>("SetLayout", "unknown FID", [](auto& r) { Table::FillUnknown(*r.mutable_fid()); });
  table.Add<v1::LookupRequest>("Lookup", "unknown parent", [](auto& r) {
    Table::FillUnknown(*r.mutable_parent()->mutable_fid());
    r.mutable_name()->set_stored("x");
  });
  table.Add<v1::UnlinkRequest>("Unlink", "a name that is not there", [&](auto& r) {
    table.FillRoot(*r.mutable_parent());
    r.mutable_name()->set_stored("not there");
  });
  table.Add<v1::RenameRequest>("Rename", "no names", [&](auto& r) {
    table.FillRoot(*r.mutable_from_parent());
    table.FillRoot(*r.mutable_to_parent());
  });
  table.Add<v1::LinkRequest>("Link", "unknown FID", [&](auto& r) {
    Table::FillUnknown(*r.mutable_fid());
    table.FillRoot(*r.mutable_parent());
    r.mutable_name()->set_stored("link");
  });
}

void AddReplays(Table& table) {
  table.Add<v1::ReplayRequest>("Replay", "an unknown session", [](auto& r) { r.mutable_header()->set_session(kMax); });
  table.Add<v1::ReplayRequest>("Replay", "a thousand and one", [](auto& r) {
    for (int i = 0; i <= 1000; ++i) r.add_changes();
  });
}

void AddFindings(Table& table) {
  table.Add<v1::CheckRequest>("Check", "no area", [](auto&) {});
  table.Add<v1::CheckRequest>("Check", "an OST that is not there", [](auto& r) {
    r.set_area(v1::CHECK_OBJECTS);
    r.set_ost(0xffffffff);
  });
  table.Add<v1::CheckRequest>("Check", "from a place that is no key", [](auto& r) {
    r.set_area(v1::CHECK_ENTRIES);
    r.set_from(std::string(1 << 20, 'f'));
  });
  table.Add<v1::CheckRequest>("Check", "by somebody", [](auto& r) {
    r.set_area(v1::CHECK_ENTRIES);
    r.mutable_header()->mutable_caller()->set_uid(1000);
  });
  table.Add<v1::MendRequest>("Mend", "no finding", [](auto&) {});
  table.Add<v1::MendRequest>("Mend", "a key of a megabyte", [](auto& r) {
    r.mutable_finding()->set_area(v1::CHECK_INODES);
    r.mutable_finding()->set_key(std::string(1 << 20, 'k'));
  });
}

void AddCreates(Table& table) {
  const auto add = [&table](const std::string& what, const std::function<void(v1::OpenRequest&)>& spoil) {
    table.Add<v1::OpenRequest>("Open", what, [&](v1::OpenRequest& request) {
      table.FillRoot(*request.mutable_parent());
      request.mutable_name()->set_stored("created");
      table.FillNewFid(*request.mutable_fid());
      request.set_write(true);
      request.set_create(true);
      request.set_mode(0644);
      spoil(request);
    });
  };
  add("an empty name", [](auto& r) { r.mutable_name()->set_stored(""); });
  add("a name of 256 bytes", [](auto& r) { r.mutable_name()->set_stored(std::string(256, 'n')); });
  add("a name of a megabyte", [](auto& r) { r.mutable_name()->set_stored(std::string(1 << 20, 'n')); });
  add("a name with a slash", [](auto& r) { r.mutable_name()->set_stored("a/b"); });
  add("a name with NUL", [](auto& r) { r.mutable_name()->set_stored(std::string("a\0b", 3)); });
  add("the name ..", [](auto& r) { r.mutable_name()->set_stored(".."); });
  add("a create under a no-key name", [](auto& r) { r.mutable_name()->mutable_no_key()->set_cookie(kMax); });
  add("a FID nobody granted", [](auto& r) { Table::FillUnknown(*r.mutable_fid()); });
  add("the FID of the root", [&](auto& r) { table.FillRoot(*r.mutable_fid()); });
  add("no FID", [](auto& r) { r.clear_fid(); });
  add("an encryption context in a plain directory", [](auto& r) { r.set_context(std::string(40, '\x02')); });
  add("a context of 41 bytes", [](auto& r) { r.set_context(std::string(41, '\x02')); });
  add("a context of a megabyte", [](auto& r) { r.set_context(std::string(1 << 20, '\x02')); });
  add("a mode of 32 bits", [](auto& r) { r.set_mode(std::numeric_limits<uint32_t>::max()); });
  add("a stripe size that is no multiple of 64 KiB", [](auto& r) { r.mutable_hint()->set_stripe_bytes(4097); });
  add("a stripe size beyond reason", [](auto& r) { r.mutable_hint()->set_stripe_bytes(kMax); });
  add("an OST that is not there", [](auto& r) {
    r.mutable_hint()->set_has_first_ost(true);
    r.mutable_hint()->set_first_ost(9999);
  });
  add("a parent of another policy", [](auto& r) { r.mutable_parent()->set_context_hash(std::string(32, 'h')); });
  add("neither reading nor writing", [](auto& r) {
    r.set_create(false);
    r.set_write(false);
  });
}

void AddRest(Table& table) {
  table.Add<v1::MakeRequest>("Make", "an inode of no type", [&](auto& r) {
    table.FillRoot(*r.mutable_parent());
    r.mutable_name()->set_stored("made");
    table.FillNewFid(*r.mutable_fid());
  });
  table.Add<v1::MakeRequest>("Make", "a symlink that lies about its length", [&](auto& r) {
    table.FillRoot(*r.mutable_parent());
    r.mutable_name()->set_stored("made");
    table.FillNewFid(*r.mutable_fid());
    r.set_type(v1::FILE_TYPE_SYMLINK);
    r.set_symlink_target("target");
    r.set_symlink_size(4000);
  });
  table.Add<v1::SetAttrRequest>("SetAttr", "mode bits beyond 07777", [&](auto& r) {
    table.FillRoot(*r.mutable_fid());
    r.set_set_mode(true);
    r.set_mode(0x80000000);
  });
  table.Add<v1::TruncateRequest>("Truncate", "of a directory", [&](auto& r) {
    table.FillRoot(*r.mutable_fid());
    r.set_size(kMax);
  });
  table.Add<v1::SetXattrRequest>("SetXattr", "a name of 300 bytes", [&](auto& r) {
    table.FillRoot(*r.mutable_fid());
    r.mutable_xattr()->set_name("user." + std::string(300, 'x'));
  });
  table.Add<v1::SetXattrRequest>("SetXattr", "a value of a megabyte", [&](auto& r) {
    table.FillRoot(*r.mutable_fid());
    r.mutable_xattr()->set_name("user.big");
    r.mutable_xattr()->set_value(std::string(1 << 20, 'x'));
  });
  table.Add<v1::SetPolicyRequest>("SetPolicy", "a context of 39 bytes", [&](auto& r) {
    table.FillRoot(*r.mutable_fid());
    r.set_context(std::string(39, '\x02'));
  });
  table.Add<v1::ReaddirRequest>("Readdir", "a cookie beyond all cookies", [&](auto& r) {
    table.FillRoot(*r.mutable_fid());
    r.set_after(kMax);
  });
}

void AddWrites(Table& table) {
  table.AddWrite("an offset inside a page", [](auto& r) { r.mutable_header()->set_offset(1); });
  table.AddWrite("an offset at the end of all numbers", [](auto& r) { r.mutable_header()->set_offset(kMax - 4095); });
  table.AddWrite("no pages", [](auto& r) { r.clear_pages(); });
  table.AddWrite("half a page", [](auto& r) { r.set_pages(std::string(kPage / 2, 'w')); });
  table.AddWrite("more pages than it says", [](auto& r) { r.set_pages(std::string(3 * kPage, 'w')); });
  table.AddWrite("fewer pages than it says", [](auto& r) { r.mutable_header()->set_page_count(1000); });
  table.AddWrite("4 billion pages", [](auto& r) { r.mutable_header()->set_page_count(0xffffffff); });
  table.AddWrite("a size diff of a page", [](auto& r) { r.mutable_header()->set_size_diff(kPage); });
  table.AddWrite("a size diff of 4 billion", [](auto& r) { r.mutable_header()->set_size_diff(0xffffffff); });
  table.AddWrite("page meta, which no policy has", [](auto& r) {
    r.mutable_header()->set_meta_length(28);
    r.set_metas(std::string(28, 'm'));
  });
  table.AddWrite("metas it does not announce", [](auto& r) { r.set_metas("m"); });
  table.AddWrite("a capability, which nobody speaks yet", [](auto& r) { r.mutable_header()->set_capability("c"); });
  table.AddWrite("a digest of 5 bytes", [](auto& r) { r.mutable_header()->mutable_first()->set_digest("12345"); });
  table.AddWrite("a condition that does not hold", [](auto& r) {
    r.mutable_header()->mutable_first()->set_digest(std::string(16, 'd'));
  });
  table.AddWrite("no object", [](auto& r) { r.mutable_header()->clear_object(); });
  table.AddWrite("a component of 32 bits", [](auto& r) { r.mutable_header()->mutable_object()->set_component(0xffffffff); });
  table.AddWrite("a stripe of 32 bits", [](auto& r) { r.mutable_header()->mutable_object()->set_stripe(0xffffffff); });
  table.AddWrite("an unknown session", [](auto& r) { r.mutable_header()->mutable_header()->set_session(kMax); });
  table.AddWrite("another filesystem's id", [](auto& r) {
    r.mutable_header()->mutable_header()->set_fsid(std::string(16, 'f'));
  });
}

void AddObjectOrders(Table& table) {
  table.Add<v1::ReadRequest>("Read", "4 billion pages", [&](auto& r) {
    table.FillObject(*r.mutable_object());
    r.set_page_count(0xffffffff);
  });
  table.Add<v1::ReadRequest>("Read", "pages beyond all numbers", [&](auto& r) {
    table.FillObject(*r.mutable_object());
    r.set_first_page(kMax);
    r.set_page_count(2);
  });
  table.Add<v1::ReadRequest>("Read", "no object", [](auto& r) { r.set_page_count(1); });
  table.Add<v1::SetSizeRequest>("SetSize", "a size at the end of all numbers", [&](auto& r) {
    table.FillObject(*r.mutable_object());
    r.set_file_epoch(2);
    r.set_size(kMax);
  });
  table.Add<v1::SetSizeRequest>("SetSize", "half a tail page", [&](auto& r) {
    table.FillObject(*r.mutable_object());
    r.set_file_epoch(2);
    r.set_size(10);
    r.set_tail_page(std::string(10, 't'));
  });
  table.Add<v1::SetSizeRequest>("SetSize", "no file epoch", [&](auto& r) { table.FillObject(*r.mutable_object()); });
  table.Add<v1::PunchRequest>("Punch", "a range beyond all numbers", [&](auto& r) {
    table.FillObject(*r.mutable_object());
    r.set_file_epoch(2);
    r.set_first_page(kMax);
    r.set_page_count(kMax);
  });
  table.Add<v1::PunchRequest>("Punch", "three edges", [&](auto& r) {
    table.FillObject(*r.mutable_object());
    r.set_file_epoch(2);
    for (int i = 0; i < 3; ++i) r.add_edges()->set_ciphertext(std::string(kPage, 'e'));
  });
  table.Add<v1::GlimpseRequest>("Glimpse", "an item without object", [](auto& r) { r.add_items(); });
  table.Add<v1::DestroyRequest>("Destroy", "an object without FID", [](auto& r) { r.add_objects(); });
  table.Add<v1::ListObjectsRequest>("ListObjects", "by a client", [](auto&) {});
  table.Add<v1::ListObjectsRequest>("ListObjects", "from a place that is no key", [](auto& r) {
    r.mutable_header()->set_session(0);
    r.set_from(std::string(100'000, 'f'));
  });
}

}  // namespace

void FillHeader(Session& session, v1::RequestHeader& header) {
  header.set_protocol_version(1);
  header.set_fsid(session.fsid);
  header.set_client_id(session.client_id);
  header.set_session(session.number);
  header.set_xid(session.xid++);
}

std::string PingRequest() {
  v1::MdsPingRequest ping;  // the OSS's has the same header at the same place
  ping.mutable_header()->set_protocol_version(1);
  ping.mutable_header()->set_client_id("hostile-client-1");
  return ping.SerializeAsString();
}

std::string HonestHeartbeat(Session& session) {
  v1::HeartbeatRequest request;
  FillHeader(session, *request.mutable_header());
  return request.SerializeAsString();
}

std::string HonestGetAttr(Session& session) {
  v1::GetAttrRequest request;
  FillHeader(session, *request.mutable_header());
  request.mutable_fid()->ParseFromString(session.root_fid);
  return request.SerializeAsString();
}

std::string HonestWrite(Session& session) {
  Table table(session);
  v1::WriteRequest request;
  table.FillWrite(request);
  // An object that random requests do not touch: theirs may well have a higher file epoch by now.
  request.mutable_header()->mutable_object()->mutable_fid()->set_oid(1'000'000);
  return request.SerializeAsString();
}

std::vector<WrongRequest> WrongMdsRequests(Session& session) {
  Table table(session);
  AddWrongHeaders(table);
  AddUnknownFids(table);
  AddReplays(table);
  AddFindings(table);
  AddCreates(table);
  AddRest(table);
  return table.Take();
}

std::vector<WrongRequest> WrongOssRequests(Session& session) {
  Table table(session);
  AddWrites(table);
  AddObjectOrders(table);
  return table.Take();
}

}  // namespace nacre::hostile
