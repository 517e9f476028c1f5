// Status and Result<T>: how everything that can fail answers. No exceptions cross a function of ours.
//
// A Code exists only if some caller acts on it; its number is frozen (it travels in ReplyHeader.code). The errno a
// program sees is ToErrno(code). Messages say what, of which object or server, and why; an error gains context as it
// rises (With) and is logged once, where it stops. Messages never carry names or contents, only ids, sizes and codes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "common/base/check.h"

namespace nacre {

enum class Code : int {
  kOk = 0,
  kNotFound = 1,        // ENOENT
  kExists = 2,          // EEXIST
  kNotDirectory = 3,    // ENOTDIR
  kIsDirectory = 4,     // EISDIR
  kNotEmpty = 5,        // ENOTEMPTY
  kNotPermitted = 6,    // EPERM: nobody may (immutable, wrong owner for chmod)
  kAccessDenied = 7,    // EACCES: mode bits say no
  kNoKey = 8,           // ENOKEY: locked; unlock and retry
  kCrossPolicy = 9,     // EXDEV: into a directory of another policy; copy instead
  kNameTooLong = 10,    // ENAMETOOLONG
  kNoSpace = 11,        // ENOSPC
  kInvalid = 12,        // EINVAL: the request makes no sense
  kStale = 13,          // ESTALE: handle closed, object destroyed, FID gone
  kIo = 14,             // EIO
  kIntegrity = 15,      // EBADMSG: checksum or authentication failed
  kUnavailable = 16,    // EHOSTUNREACH: no answer came; the request may or may not have been done
  kTimedOut = 17,       // ETIMEDOUT: servers answer, the work did not end in time
  kLostRace = 18,       // EAGAIN: a page's condition did not hold; read, merge, write anew
  kStaleEpoch = 19,     // ESTALE: the file epoch moved on (truncate); fetch it, redo as a new write
  kTooLarge = 20,       // EFBIG
  kTooManyLinks = 21,   // EMLINK
  kNoData = 22,         // ENODATA: no such xattr, no policy
  kWrongKey = 23,       // EKEYREJECTED: the key's identifier is not the policy's
  kLoop = 24,           // ELOOP
  kUnsupported = 25,    // EOPNOTSUPP
  kBusy = 26,           // EBUSY
  kContextChanged = 27, // EAGAIN: the parent's policy is not what the request was made for; look up again
  kStaleLayout = 28,    // EAGAIN: layout generation moved; fetch the layout, send the same pages again
  kInternal = 29,       // EIO: a bug of ours, reported instead of hidden
  kRange = 30,          // ERANGE: buffer or value too small or large
  kNotConnected = 31,   // ENOTCONN: the server does not know this session; connect first
  kFenced = 32,         // ESTALE: the session is over: the cluster has evicted its client
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  static Status Ok() { return {}; }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with what was being done in front: "writing OST0001 object …: no space".
  Status With(std::string_view context) const {
    return ok() ? *this : Status(code_, std::string(context) + ": " + message_);
  }
  std::string ToString() const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

std::string_view CodeName(Code code);  // "not found"
int ToErrno(Code code);                // errno.h's number; 0 for kOk
Code CodeFromErrno(int errno_value);   // kIo for what has no code of its own
bool IsKnownCode(int number);          // for numbers read off the wire
Status ErrnoStatus(int errno_value, std::string_view doing);  // "doing: strerror"

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: a value is a result
  Result(Status status) : value_(std::move(status)) {  // NOLINT: an error is a result
    NACRE_CHECK(!std::get<Status>(value_).ok(), "a Result made of Ok has no value");
  }

  bool ok() const { return value_.index() == 0; }
  Status status() const { return ok() ? Status() : std::get<Status>(value_); }
  Code code() const { return ok() ? Code::kOk : std::get<Status>(value_).code(); }

  T& value() & { CheckOk(); return std::get<0>(value_); }
  const T& value() const& { CheckOk(); return std::get<0>(value_); }
  T&& value() && { CheckOk(); return std::get<0>(std::move(value_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  void CheckOk() const { NACRE_CHECK(ok(), "value() of a failed Result: " + status().ToString()); }
  std::variant<T, Status> value_;
};

// Return early on error. Two macros, no more: anything cleverer hides the flow.
#define NACRE_RETURN_IF_ERROR(expression)              \
  do {                                                 \
    ::nacre::Status nacre_status_ = (expression);      \
    if (!nacre_status_.ok()) return nacre_status_;     \
  } while (0)
#define NACRE_CO_RETURN_IF_ERROR(expression)           \
  do {                                                 \
    ::nacre::Status nacre_status_ = (expression);      \
    if (!nacre_status_.ok()) co_return nacre_status_;  \
  } while (0)

}  // namespace nacre
