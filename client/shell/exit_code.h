// Exit codes: a contract with scripts (the table is in the command line's documentation). Pure.
#pragma once

#include "common/base/status.h"

namespace nacre::shell {

constexpr int kExitOk = 0;
constexpr int kExitError = 1;
constexpr int kExitUsage = 2;
constexpr int kExitPartial = 3;
constexpr int kExitNotFound = 4;
constexpr int kExitConflict = 5;
constexpr int kExitPermission = 6;
constexpr int kExitUnavailable = 7;
constexpr int kExitTimedOut = 8;
constexpr int kExitNoSpace = 9;
constexpr int kExitWrongKey = 12;
constexpr int kExitLocked = 13;
constexpr int kExitIntegrity = 14;
constexpr int kExitStale = 15;
constexpr int kExitFsckErrors = 26;

constexpr int ExitCodeOf(Code code) {
  switch (code) {
    case Code::kOk: return kExitOk;
    case Code::kNotFound:
    case Code::kNoData: return kExitNotFound;
    case Code::kExists:
    case Code::kNotEmpty:
    case Code::kCrossPolicy:
    case Code::kBusy: return kExitConflict;
    case Code::kNotPermitted:
    case Code::kAccessDenied: return kExitPermission;
    case Code::kUnavailable:
    case Code::kNotConnected: return kExitUnavailable;
    case Code::kTimedOut:
    case Code::kLostRace:        // these three end as errors only when retrying took too long
    case Code::kContextChanged:
    case Code::kStaleLayout: return kExitTimedOut;
    case Code::kNoSpace: return kExitNoSpace;
    case Code::kWrongKey: return kExitWrongKey;
    case Code::kNoKey: return kExitLocked;
    case Code::kIntegrity: return kExitIntegrity;
    case Code::kFenced:
    case Code::kStale:
    case Code::kStaleEpoch: return kExitStale;
    case Code::kNotDirectory:
    case Code::kIsDirectory:
    case Code::kNameTooLong:
    case Code::kInvalid:
    case Code::kIo:
    case Code::kTooLarge:
    case Code::kTooManyLinks:
    case Code::kLoop:
    case Code::kUnsupported:
    case Code::kInternal:
    case Code::kRange: return kExitError;
  }
  return kExitError;
}

}  // namespace nacre::shell
