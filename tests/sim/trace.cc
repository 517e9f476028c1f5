#include "tests/sim/trace.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "common/base/bytes.h"

namespace nacre::sim {

void Trace::Note(const std::string& who, const std::string& what) {
  char time[32];
  std::snprintf(time, sizeof time, "%12.6f ", static_cast<double>(clock_.Now().ns) / 1e9);
  const std::string line = time + who + ": " + what;
  for (const char c : line) digest_ = (digest_ ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  if (keep_lines_) lines_.push_back(line);
}

namespace {

std::string IdOf(const std::string& name, const v1::RequestHeader& header) {
  std::string text = name + " xid " + std::to_string(header.xid());
  if (header.session() != 0) text += " session " + std::to_string(header.session()) + " slot " + std::to_string(header.slot());
  if (header.resent()) text += " RESENT";
  if (header.replay()) text += " REPLAY";
  return text;
}

}  // namespace

void CallTrace::Sent(const std::string& name, const v1::RequestHeader& header, const google::protobuf::Message& request,
                     const CipherRun* run) {
  EXPECT_EQ(request.SerializeAsString().find(kCanary), std::string::npos) << name << " carries clear text";
  if (run != nullptr) {
    for (const ByteView piece : run->pieces()) {
      EXPECT_EQ(AsText(piece).find(kCanary), std::string_view::npos) << name << " carries clear pages";
    }
  }
  trace_.Note(who_, "-> " + IdOf(name, header));
}

void CallTrace::Answered(const std::string& name, const v1::RequestHeader& header, const Status& status) {
  trace_.Note(who_, "<- " + IdOf(name, header) + (status.ok() ? "" : " " + status.ToString()));
}

}  // namespace nacre::sim
