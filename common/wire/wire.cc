#include "common/wire/wire.h"

#include "common/recovery/reply_record.h"

namespace nacre {

v1::Fid ToWire(const Fid& fid) {
  v1::Fid out;
  out.set_seq(fid.seq);
  out.set_oid(fid.oid);
  out.set_ver(fid.ver);
  return out;
}

Fid FromWire(const v1::Fid& fid) { return {.seq = fid.seq(), .oid = fid.oid(), .ver = fid.ver()}; }

v1::Layout ToWire(const Layout& layout) {
  v1::Layout out;
  out.set_generation(layout.generation);
  out.set_flags(layout.flags);
  for (const Mirror& mirror : layout.mirrors) {
    v1::Mirror* to = out.add_mirrors();
    to->set_id(mirror.id);
    to->set_state(static_cast<v1::MirrorState>(mirror.state));
    to->set_flags(mirror.flags);
    for (const Component& component : mirror.components) {
      v1::Component* part = to->add_components();
      part->set_id(component.id);
      part->set_extent_begin(component.extent_begin);
      part->set_extent_end(component.extent_end);
      part->set_flags(component.flags);
      part->set_stripe_bytes(component.stripe_bytes);
      for (uint32_t ost : component.osts) part->add_osts(ost);
    }
  }
  return out;
}

Result<Layout> FromWire(const v1::Layout& layout) {
  Layout out;
  out.generation = layout.generation();
  out.flags = layout.flags();
  for (const v1::Mirror& from : layout.mirrors()) {
    Mirror mirror;
    mirror.id = from.id();
    if (from.state() < v1::MIRROR_IN_SYNC || from.state() > v1::MIRROR_STALE) {
      return Status(Code::kInvalid, "mirror state not known");
    }
    mirror.state = static_cast<MirrorState>(from.state());
    mirror.flags = from.flags();
    for (const v1::Component& part : from.components()) {
      Component component;
      component.id = part.id();
      component.extent_begin = part.extent_begin();
      component.extent_end = part.extent_end();
      component.flags = part.flags();
      component.stripe_bytes = part.stripe_bytes();
      component.osts.assign(part.osts().begin(), part.osts().end());
      mirror.components.push_back(std::move(component));
    }
    out.mirrors.push_back(std::move(mirror));
  }
  NACRE_RETURN_IF_ERROR(Validate(out));
  return out;
}

v1::ObjectId ToWire(const ObjectId& id) {
  v1::ObjectId out;
  *out.mutable_fid() = ToWire(id.fid);
  out.set_component(id.component);
  out.set_mirror(id.mirror);
  out.set_stripe(id.stripe);
  return out;
}

Result<ObjectId> FromWire(const v1::ObjectId& id) {
  if (id.component() > 0xffff) return Status(Code::kInvalid, "component number above 65535");
  if (id.stripe() >= kStripeCountMax) return Status(Code::kInvalid, "stripe number above the largest stripe count");
  const Fid fid = FromWire(id.fid());
  if (fid.is_null()) return Status(Code::kInvalid, "an object without FID");
  return ObjectId{.fid = fid,
                  .component = static_cast<uint16_t>(id.component()),
                  .mirror = id.mirror(),
                  .stripe = id.stripe()};
}

Status CheckRequestHeader(const v1::RequestHeader& header, std::string_view fsid, FsidRule rule, ReplayRule replay) {
  if (header.protocol_version() != kProtocolVersion) {
    return Status(Code::kUnsupported, "protocol version " + std::to_string(header.protocol_version()) +
                                          " is not spoken here, only " + std::to_string(kProtocolVersion));
  }
  if (header.features() != 0) return Status(Code::kUnsupported, "feature bits not known");
  if (header.fsid().empty() ? rule != FsidRule::kMayBeEmpty : header.fsid() != fsid) {
    return Status(Code::kInvalid, "the request is for another filesystem (fsid differs)");
  }
  if (header.client_id().size() != kClientIdBytes) return Status(Code::kInvalid, "a client id has 16 bytes");
  if (header.slot() >= kSlotsMax) return Status(Code::kInvalid, "slot number above 255");
  if (header.replay() && replay == ReplayRule::kRefused) {
    return Status(Code::kUnsupported, "requests of this kind are not replayed");
  }
  if (header.replay() != (header.transno() != 0)) return Status(Code::kInvalid, "a replay says its transno, nobody else does");
  if (header.versions_seen_size() != 0) return Status(Code::kUnsupported, "versions are not spoken here yet");
  if (!header.trace_id().empty() && header.trace_id().size() != 16) {
    return Status(Code::kInvalid, "a trace id has 16 bytes");
  }
  if (header.caller().groups_size() > 65536) return Status(Code::kInvalid, "more than 65536 groups");
  return Status::Ok();
}

void SetStatus(v1::ReplyHeader& header, const Status& status) {
  header.set_code(static_cast<uint32_t>(status.code()));
  header.set_message(status.message());
}

Status StatusOf(const v1::ReplyHeader& header) {
  if (header.code() == 0) return Status::Ok();
  const int number = static_cast<int>(header.code());
  return Status(IsKnownCode(number) ? static_cast<Code>(number) : Code::kIo, header.message());
}

}  // namespace nacre
