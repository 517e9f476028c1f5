#include "client/shell/progress.h"

#include <ostream>

#include "common/runtime/units_text.h"

namespace nacre::shell {
namespace {
constexpr std::chrono::milliseconds kPause{100};
}  // namespace

Progress::Progress(CommandContext& context, std::string doing)
    : context_(context),
      doing_(std::move(doing)),
      shown_(context.streams().err_is_terminal && !context.options().json && !context.options().quiet),
      begin_(std::chrono::steady_clock::now()),
      last_(begin_) {}

Progress::~Progress() {
  if (shown_ && last_ != begin_) context_.streams().err << "\r\033[K" << std::flush;
}

bool Progress::IsDue() {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now - last_ < kPause) return false;
  last_ = now;
  return true;
}

void Progress::Say(const std::string& how_far) {
  if (IsDue()) context_.streams().err << "\r\033[K" << doing_ << ": " << how_far << std::flush;
}

void Progress::Update(uint64_t bytes, uint64_t files) {
  if (!IsDue()) return;
  const double seconds = std::chrono::duration<double>(last_ - begin_).count();
  context_.streams().err << "\r\033[K" << doing_ << ": " << FormatSize(bytes) << ", " << files << " files, "
                         << FormatSize(static_cast<uint64_t>(static_cast<double>(bytes) / seconds)) << "/s" << std::flush;
}

}  // namespace nacre::shell
