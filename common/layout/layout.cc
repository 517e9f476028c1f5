#include "common/layout/layout.h"

#include <cstdio>
#include <utility>

namespace nacre {

void AppendObjectId(std::string& out, const ObjectId& id) {
  AppendFid(out, id.fid);
  AppendBigEndian16(out, id.component);
  AppendBigEndian32(out, id.mirror);
  AppendBigEndian32(out, id.stripe);
}

ObjectId LoadObjectId(const uint8_t* at) {
  return {.fid = LoadFid(at),
          .component = LoadBigEndian16(at + kFidBytes),
          .mirror = LoadBigEndian32(at + kFidBytes + 2),
          .stripe = LoadBigEndian32(at + kFidBytes + 6)};
}

std::string ToString(const ObjectId& id) {
  char text[48];
  std::snprintf(text, sizeof text, ".c%u.m%u.s%u", id.component, id.mirror, id.stripe);
  return ToString(id.fid) + text;
}

Status Validate(const Layout& layout) {
  if (layout.flags != 0) return Status(Code::kUnsupported, "layout flags not known");
  if (layout.mirrors.size() != 1) return Status(Code::kUnsupported, "layouts have exactly one mirror");
  const Mirror& mirror = layout.mirrors.front();
  if (mirror.flags != 0) return Status(Code::kUnsupported, "mirror flags not known");
  if (mirror.state != MirrorState::kInSync) return Status(Code::kInvalid, "the only mirror is not in sync");
  if (mirror.components.size() != 1) return Status(Code::kUnsupported, "mirrors have exactly one component");
  const Component& component = mirror.components.front();
  if (component.flags != 0) return Status(Code::kUnsupported, "component flags not known");
  if (component.id != 0 || component.extent_begin != 0 || component.extent_end != 0) {
    return Status(Code::kUnsupported, "the component does not cover the whole file");
  }
  if (component.stripe_bytes == 0 || component.stripe_bytes % kStripeBytesUnit != 0 ||
      component.stripe_bytes > kStripeBytesMax) {
    return Status(Code::kInvalid, "stripe size is not a multiple of 64 KiB up to 4 GiB");
  }
  if (component.osts.empty() || component.osts.size() > kStripeCountMax) {
    return Status(Code::kInvalid, "stripe count is not 1 to 2000");
  }
  return Status::Ok();
}

Layout MakeStripedLayout(uint32_t mirror_id, uint64_t stripe_bytes, std::vector<uint32_t> osts) {
  Layout layout;
  Mirror mirror;
  mirror.id = mirror_id;
  Component component;
  component.stripe_bytes = stripe_bytes;
  component.osts = std::move(osts);
  mirror.components.push_back(std::move(component));
  layout.mirrors.push_back(std::move(mirror));
  return layout;
}

}  // namespace nacre
