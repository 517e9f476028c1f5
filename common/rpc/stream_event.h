// StreamEvent: an event that an object waits for again and again (a read, a write of its stream), one at a time. The object
// lives at least until the event has come.
#pragma once

#include <memory>
#include <utility>

#include "common/base/check.h"
#include "common/rpc/completion_loop.h"

namespace nacre {

template <typename Owner>
class StreamEvent final : public Completion {
 public:
  // then: called on the loop's thread when the event has come.
  explicit StreamEvent(void (Owner::*then)(bool ok)) : then_(then) {}

  // The tag of the event that is about to be begun.
  void* Tag(std::shared_ptr<Owner> owner) {
    NACRE_CHECK(owner_ == nullptr, "the event is waited for once at a time");
    owner_ = std::move(owner);
    return static_cast<Completion*>(this);
  }

  void Complete(bool ok) override {
    const std::shared_ptr<Owner> owner = std::move(owner_);
    (owner.get()->*then_)(ok);
  }

 private:
  void (Owner::*const then_)(bool ok);
  std::shared_ptr<Owner> owner_;
};

}  // namespace nacre
