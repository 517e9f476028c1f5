#include "common/runtime/identity_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <utility>

#include "common/base/bytes.h"

namespace nacre {
namespace {

constexpr uint32_t kFormat = 1;

Result<Identity> Parse(const std::string& path) {
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return Status(Code::kIntegrity, path + " is damaged: " + std::string(error.description()));
  }
  Identity identity;
  identity.format = table["format"].value_or<uint32_t>(0);
  identity.kind = table["kind"].value_or<std::string>("");
  identity.index = table["index"].value_or<uint32_t>(0);
  identity.boot_count = table["boot_count"].value_or<uint64_t>(0);
  const auto instance = FromHex(table["instance"].value_or<std::string>(""));
  const auto fsid = FromHex(table["fsid"].value_or<std::string>(""));
  if (identity.format != kFormat) {
    return Status(Code::kUnsupported, path + " has format " + std::to_string(identity.format) +
                                          ", this program knows format " + std::to_string(kFormat));
  }
  if (!instance || instance->size() != 16 || !fsid || (!fsid->empty() && fsid->size() != 16) || identity.boot_count == 0) {
    return Status(Code::kIntegrity, path + " is damaged: instance, fsid or boot count make no sense");
  }
  identity.instance = *instance;
  identity.fsid = *fsid;
  return identity;
}

// A file and its name are only safe when both the file and its directory are synced.
Status WriteDurably(Files& files, const std::string& path, std::string text) {
  const std::string fresh = path + ".new";
  const int fd = files.Open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoStatus(errno, "writing " + fresh);
  const iovec all{text.data(), text.size()};
  const bool written = files.Write(fd, &all, 1, 0) == static_cast<ssize_t>(text.size()) && files.Sync(fd) == 0;
  const int error = errno;
  files.Close(fd);
  if (!written) return ErrnoStatus(error, "writing " + fresh);
  if (files.Rename(fresh, path) != 0) return ErrnoStatus(errno, "renaming " + fresh);
  return SyncDirectory(files, std::filesystem::path(path).parent_path());
}

}  // namespace

Result<IdentityFile> IdentityFile::Take(const std::string& data_dir, const std::string& kind, uint32_t index,
                                        Random& random, Files& files) {
  NACRE_RETURN_IF_ERROR(MakeDirectoriesDurably(files, data_dir, 0777).With("making a data directory"));
  const int lock_fd = files.Open(data_dir + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_fd < 0) return ErrnoStatus(errno, "opening " + data_dir + "/lock");
  IdentityFile file(files, data_dir + "/identity", lock_fd);
  if (flock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
    return Status(Code::kBusy, "data directory " + data_dir + " is in use by another process");
  }
  if (std::filesystem::exists(file.path_)) {
    Result<Identity> found = Parse(file.path_);
    if (!found.ok()) return found.status();
    if (found->kind != kind || found->index != index) {
      return Status(Code::kInvalid, "data directory " + data_dir + " belongs to " + found->kind +
                                        std::to_string(found->index) + ", not to " + kind + std::to_string(index));
    }
    file.identity_ = *found;
  } else {
    for (const auto& entry : std::filesystem::directory_iterator(data_dir)) {
      // The latter is left by a first start that was cut short.
      if (entry.path().filename() != "lock" && entry.path().filename() != "identity.new") {
        return Status(Code::kInvalid, "data directory " + data_dir +
                                          " has no identity but is not empty: not ours, or damaged; refusing to use it");
      }
    }
    file.identity_.kind = kind;
    file.identity_.index = index;
    file.identity_.instance.resize(16);
    random.Fill({reinterpret_cast<uint8_t*>(file.identity_.instance.data()), 16});
  }
  ++file.identity_.boot_count;
  NACRE_RETURN_IF_ERROR(file.Store());
  return file;
}

IdentityFile::IdentityFile(IdentityFile&& other) noexcept
    : files_(other.files_), path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)), identity_(std::move(other.identity_)) {}

IdentityFile::~IdentityFile() {
  if (lock_fd_ >= 0) files_.Close(lock_fd_);
}

Status IdentityFile::AdoptFsid(const std::string& fsid) {
  if (identity_.fsid == fsid) return Status::Ok();
  if (!identity_.fsid.empty()) {
    return Status(Code::kInvalid, path_ + " belongs to filesystem " + ToHex(AsBytes(identity_.fsid)) + ", not to " +
                                      ToHex(AsBytes(fsid)));
  }
  identity_.fsid = fsid;
  return Store();
}

Status IdentityFile::Store() {
  std::ostringstream text;
  text << toml::table{{"format", static_cast<int64_t>(identity_.format)},
                      {"kind", identity_.kind},
                      {"index", static_cast<int64_t>(identity_.index)},
                      {"instance", ToHex(AsBytes(identity_.instance))},
                      {"fsid", ToHex(AsBytes(identity_.fsid))},
                      {"boot_count", static_cast<int64_t>(identity_.boot_count)}}
       << '\n';
  return WriteDurably(files_, path_, text.str());
}

}  // namespace nacre
