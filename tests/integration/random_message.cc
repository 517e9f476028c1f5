#include "tests/integration/random_message.h"

#include <google/protobuf/message.h>

#include <memory>

#include "header.pb.h"
#include "mds.pb.h"
#include "oss.pb.h"
#include "tests/integration/hostile_requests.h"

namespace nacre::hostile {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kDepthMax = 4;
constexpr int kRepeatedMax = 20;
constexpr uint32_t kPage = 4096;

uint64_t RandomNumber(std::mt19937_64& rng) {
  static constexpr uint64_t kBorders[] = {0, 1, 2, 4095, 4096, 4097, 1 << 16, (1u << 31) - 1, 1u << 31, 0xffffffff, 1ull << 32,
                                          1ull << 48, (1ull << 60) - 1, 1ull << 62, (1ull << 63) - 1, 1ull << 63, ~0ull};
  return rng() % 4 == 0 ? rng() : kBorders[rng() % std::size(kBorders)];
}

std::string RandomBytes(std::mt19937_64& rng) {
  static constexpr size_t kLengths[] = {0, 1, 5, 15, 16, 17, 39, 40, 41, 64, 255, 256, 4095, 4096, 4097, 8192, 70'000};
  std::string bytes(kLengths[rng() % std::size(kLengths)], '\0');
  if (rng() % 2 == 0) {
    for (char& c : bytes) c = static_cast<char>(rng());
  }
  return bytes;
}

// Text fields must be UTF-8 on the wire.
std::string RandomText(std::mt19937_64& rng) { return std::string(rng() % 600, static_cast<char>('a' + rng() % 26)); }

template <typename Number>
void Put(Message& message, const FieldDescriptor& field, Number value,
         void (google::protobuf::Reflection::*set)(Message*, const FieldDescriptor*, Number) const,
         void (google::protobuf::Reflection::*add)(Message*, const FieldDescriptor*, Number) const) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  (reflection.*(field.is_repeated() ? add : set))(&message, &field, value);
}

void FillRandom(Message& message, std::mt19937_64& rng, int depth);

void PutOne(Message& message, const FieldDescriptor& field, std::mt19937_64& rng, int depth) {
  using R = google::protobuf::Reflection;
  const R& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      return Put<uint32_t>(message, field, static_cast<uint32_t>(RandomNumber(rng)), &R::SetUInt32, &R::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return Put<uint64_t>(message, field, RandomNumber(rng), &R::SetUInt64, &R::AddUInt64);
    case FieldDescriptor::CPPTYPE_INT32:
      return Put<int32_t>(message, field, static_cast<int32_t>(RandomNumber(rng)), &R::SetInt32, &R::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return Put<int64_t>(message, field, static_cast<int64_t>(RandomNumber(rng)), &R::SetInt64, &R::AddInt64);
    case FieldDescriptor::CPPTYPE_BOOL:
      return Put<bool>(message, field, rng() % 2 == 0, &R::SetBool, &R::AddBool);
    case FieldDescriptor::CPPTYPE_ENUM:
      return Put<int>(message, field, static_cast<int>(rng() % 12), &R::SetEnumValue, &R::AddEnumValue);
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string value = field.type() == FieldDescriptor::TYPE_BYTES ? RandomBytes(rng) : RandomText(rng);
      if (field.is_repeated()) return reflection.AddString(&message, &field, std::move(value));
      return reflection.SetString(&message, &field, std::move(value));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (depth < kDepthMax) {
        FillRandom(field.is_repeated() ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field),
                   rng, depth + 1);
      }
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return;  // the protocol has none
  }
}

void FillRandom(Message& message, std::mt19937_64& rng, int depth) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (rng() % 4 == 0) continue;
    const int count = field.is_repeated() ? static_cast<int>(rng() % kRepeatedMax) : 1;
    for (int n = 0; n < count; ++n) PutOne(message, field, rng, depth);
  }
}

// Makes single nouns plausible, so that a request gets past the first check and its other parts are looked at.
bool MendNoun(Message& message, Session& session, std::mt19937_64& rng) {
  if (auto* header = dynamic_cast<v1::RequestHeader*>(&message); header != nullptr) {
    header->Clear();
    FillHeader(session, *header);
    header->set_slot(static_cast<uint32_t>(rng() % 250));  // a flipped bit in an xid would close the slot for the rest
    return true;
  }
  if (auto* fid = dynamic_cast<v1::Fid*>(&message); fid != nullptr) {
    const uint64_t kind = rng() % 8;
    if (kind < 5) fid->ParseFromString(session.known_fids[rng() % session.known_fids.size()]);
    if (kind == 5) {
      fid->set_seq(session.granted_seq);
      fid->set_oid(static_cast<uint32_t>(rng() % 1200));
      fid->set_ver(0);
    }
    return true;
  }
  if (auto* object = dynamic_cast<v1::ObjectId*>(&message); object != nullptr && rng() % 4 != 0) {
    object->set_component(object->component() % 2);
    object->set_stripe(object->stripe() % 4);
  }
  if (auto* name = dynamic_cast<v1::EntryName*>(&message); name != nullptr && rng() % 4 != 0) {
    name->set_stored(std::string(1, static_cast<char>('a' + rng() % 4)));
    return true;
  }
  if (auto* parent = dynamic_cast<v1::Parent*>(&message); parent != nullptr && rng() % 4 != 0) parent->clear_context_hash();
  return false;
}

// Pages that agree with what the header says of them; the rest stays random.
void MendPages(Message& message, std::mt19937_64& rng) {
  if (auto* write = dynamic_cast<v1::WriteRequest*>(&message); write != nullptr) {
    const size_t pages = rng() % 4;
    write->clear_metas();
    write->set_pages(std::string(pages * kPage, 'r'));
    v1::WriteHeader& header = *write->mutable_header();
    header.clear_capability();
    header.clear_meta_length();
    header.set_page_count(static_cast<uint32_t>(pages));
    header.set_offset(header.offset() / kPage * kPage);
    header.set_size_diff(header.size_diff() % kPage);
  }
  if (auto* read = dynamic_cast<v1::ReadRequest*>(&message); read != nullptr) {
    read->clear_capability();
    read->set_page_count(static_cast<uint32_t>(rng() % 1025));
  }
}

void Mend(Message& message, Session& session, std::mt19937_64& rng) {
  if (MendNoun(message, session, rng)) return;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field.is_repeated()) continue;
    const bool is_header = field.message_type() == v1::RequestHeader::descriptor();
    if (is_header || reflection.HasField(message, &field)) Mend(*reflection.MutableMessage(&message, &field), session, rng);
  }
}

}  // namespace

std::string RandomRequest(const google::protobuf::Descriptor& type, Session& session, std::mt19937_64& rng) {
  const Message* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
  std::unique_ptr<Message> message(prototype->New());
  FillRandom(*message, rng, 0);
  if (rng() % 10 != 0) Mend(*message, session, rng);
  if (rng() % 2 == 0) MendPages(*message, rng);
  std::string bytes = message->SerializeAsString();
  if (rng() % 10 == 0 && !bytes.empty()) {
    char& hit = bytes[rng() % bytes.size()];
    hit = static_cast<char>(hit ^ (1U << rng() % 8));
  }
  return bytes;
}

}  // namespace nacre::hostile
