// A line on stderr that says how far long work is: only on a terminal, at most ten times a second, gone when it ends.
// Update() and Say() from any thread, one at a time; the rest from the thread that made it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "client/shell/command_context.h"

namespace nacre::shell {

class Progress {
 public:
  Progress(CommandContext& context, std::string doing);
  ~Progress();
  void Update(uint64_t bytes, uint64_t files);
  void Say(const std::string& how_far);

 private:
  bool IsDue();

  CommandContext& context_;
  const std::string doing_;
  const bool shown_;
  const std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace nacre::shell
