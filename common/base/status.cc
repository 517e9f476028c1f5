#include "common/base/status.h"

#include <cerrno>
#include <cstring>

namespace nacre {
namespace {

struct Row {
  Code code;
  int errno_value;
  std::string_view name;
};

constexpr Row kRows[] = {
    {Code::kOk, 0, "ok"},
    {Code::kNotFound, ENOENT, "not found"},
    {Code::kExists, EEXIST, "exists"},
    {Code::kNotDirectory, ENOTDIR, "not a directory"},
    {Code::kIsDirectory, EISDIR, "is a directory"},
    {Code::kNotEmpty, ENOTEMPTY, "directory not empty"},
    {Code::kNotPermitted, EPERM, "not permitted"},
    {Code::kAccessDenied, EACCES, "permission denied"},
    {Code::kNoKey, ENOKEY, "required key not available"},
    {Code::kCrossPolicy, EXDEV, "other encryption policy"},
    {Code::kNameTooLong, ENAMETOOLONG, "name too long"},
    {Code::kNoSpace, ENOSPC, "no space"},
    {Code::kInvalid, EINVAL, "invalid"},
    {Code::kStale, ESTALE, "stale"},
    {Code::kIo, EIO, "input/output error"},
    {Code::kIntegrity, EBADMSG, "integrity failure"},
    {Code::kUnavailable, EHOSTUNREACH, "unavailable"},
    {Code::kTimedOut, ETIMEDOUT, "timed out"},
    {Code::kLostRace, EAGAIN, "lost race"},
    {Code::kStaleEpoch, ESTALE, "stale file epoch"},
    {Code::kTooLarge, EFBIG, "too large"},
    {Code::kTooManyLinks, EMLINK, "too many links"},
    {Code::kNoData, ENODATA, "no data"},
    {Code::kWrongKey, EKEYREJECTED, "wrong key"},
    {Code::kLoop, ELOOP, "too many levels of symbolic links"},
    {Code::kUnsupported, EOPNOTSUPP, "not supported"},
    {Code::kBusy, EBUSY, "busy"},
    {Code::kContextChanged, EAGAIN, "directory policy changed"},
    {Code::kStaleLayout, EAGAIN, "layout changed"},
    {Code::kInternal, EIO, "internal error"},
    {Code::kRange, ERANGE, "out of range"},
    {Code::kNotConnected, ENOTCONN, "session not known"},
    {Code::kFenced, ESTALE, "fenced"},
};

const Row* Find(Code code) {
  for (const Row& row : kRows) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

}  // namespace

std::string_view CodeName(Code code) {
  const Row* row = Find(code);
  return row != nullptr ? row->name : "unknown error";
}

int ToErrno(Code code) {
  const Row* row = Find(code);
  return row != nullptr ? row->errno_value : EIO;
}

Code CodeFromErrno(int errno_value) {
  if (errno_value == 0) return Code::kOk;
  for (const Row& row : kRows) {
    if (row.errno_value == errno_value) return row.code;
  }
  return Code::kIo;
}

bool IsKnownCode(int number) { return Find(static_cast<Code>(number)) != nullptr; }

Status ErrnoStatus(int errno_value, std::string_view doing) {
  return Status(CodeFromErrno(errno_value), std::string(doing) + ": " + std::strerror(errno_value));
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  return message_.empty() ? std::string(CodeName(code_)) : message_ + " (" + std::string(CodeName(code_)) + ")";
}

}  // namespace nacre
