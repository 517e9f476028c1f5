#include "tests/integration/kernel_oracle/kernel_facts.h"

#include <istream>
#include <ostream>
#include <sstream>

#include "client/crypto/file_keys.h"
#include "common/base/bytes.h"
#include "common/base/hash.h"
#include "common/base/page_buffer.h"
#include "common/fs/nokey_name.h"

namespace nacre {
namespace {

constexpr size_t kHexBytesMax = 64;
constexpr size_t kDifferencesMax = 20;

std::string BytesOf(const CipherRun& run) {
  std::string out;
  for (ByteView piece : run.pieces()) out += AsText(piece);
  return out;
}

class Comparison {
 public:
  void Same(const std::string& what, std::string_view ours, std::string_view kernels) {
    if (ours != kernels) Add(what + ": ours " + std::string(ours) + ", the kernel's " + std::string(kernels));
  }
  void Add(std::string line) {
    if (lines_.size() < kDifferencesMax) lines_.push_back(std::move(line));
  }
  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

void CompareNames(const KernelDirectory& directory, const NameCipher& cipher, Comparison& comparison) {
  for (const KernelName& fact : directory.names) {
    const std::string what = "name of " + std::to_string(fact.clear_bytes) + " bytes";
    const auto stored = cipher.EncryptName(PatternName(fact.clear_bytes));
    if (!stored.ok()) {
      comparison.Add(what + ": " + stored.status().ToString());
      continue;
    }
    comparison.Same(what, Recorded(*stored), fact.stored);
    const auto back = cipher.DecryptName(AsBytes(*stored));
    if (!back.ok() || *back != PatternName(fact.clear_bytes)) comparison.Add(what + " does not come back");
    const auto nokey = DecodeNokeyName(fact.nokey_text);
    if (!nokey.ok() || !nokey->Matches(AsBytes(*stored))) {
      comparison.Add(what + " is not the entry of " + fact.nokey_text);
      continue;
    }
    comparison.Same("no-key " + what, EncodeNokeyName(nokey->cookie, AsBytes(*stored)).value(), fact.nokey_text);
  }
}

void CompareFiles(const KernelDirectory& directory, const MasterKey& master, Comparison& comparison) {
  const auto pool = PageBufferPool::Create(4 * kPageBytes, 1);
  for (const KernelInode& fact : directory.files) {
    const std::string what = "file of " + std::to_string(fact.clear_bytes) + " bytes";
    const auto context = DecodeContext(AsBytes(fact.context));
    if (!context.ok()) {
      comparison.Add(what + ": " + context.status().ToString());
      continue;
    }
    const auto cipher = OpenPages(master, *context).value();
    const std::string clear = PatternContents(fact.clear_bytes);
    const std::string ours = clear.empty() ? "" : BytesOf(*cipher->EncryptRun(AsBytes(clear), 0, *pool));
    comparison.Same(what, Recorded(ours), fact.stored);
  }
}

void CompareSymlinks(const KernelDirectory& directory, const MasterKey& master, Comparison& comparison) {
  for (const KernelInode& fact : directory.symlinks) {
    const std::string what = "symlink to " + std::to_string(fact.clear_bytes) + " bytes";
    const auto context = DecodeContext(AsBytes(fact.context));
    if (!context.ok()) {
      comparison.Add(what + ": " + context.status().ToString());
      continue;
    }
    const auto cipher = OpenTarget(master, *context).value();
    const std::string ours = cipher->EncryptTarget(PatternName(fact.clear_bytes)).value();
    comparison.Same(what, Recorded(ours), fact.stored);
    comparison.Same("no-key " + what, EncodeNokeyTarget(AsBytes(ours)).value(), fact.nokey_text);
    const auto back = cipher->DecryptTarget(AsBytes(ours));
    if (!back.ok() || *back != PatternName(fact.clear_bytes)) comparison.Add(what + " does not come back");
  }
}

std::string HexField(std::istream& fields) {
  std::string hex;
  fields >> hex;
  return FromHex(hex).value_or("");
}

}  // namespace

std::string PatternName(size_t bytes) {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz-0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ.";
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out.push_back(kLetters[(i + i / 64) % kLetters.size()]);
  return out;
}

std::string PatternContents(size_t bytes) {
  std::string out;
  uint64_t state = 1;
  for (size_t i = 0; i < bytes; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX generator
    out.push_back(static_cast<char>(state >> 56));
  }
  return out;
}

std::string Recorded(std::string_view stored) {
  if (stored.empty()) return "-";
  return stored.size() <= kHexBytesMax ? ToHex(AsBytes(stored)) : "#" + ToHex(Sha256(AsBytes(stored)));
}

void WriteFacts(const std::vector<KernelDirectory>& directories, std::ostream& out) {
  auto inode = [&out](const char* kind, const KernelInode& fact) {
    out << kind << ' ' << ToHex(AsBytes(fact.context)) << ' ' << fact.clear_bytes << ' ' << fact.stored;
    if (!fact.nokey_text.empty()) out << ' ' << fact.nokey_text;
    out << '\n';
  };
  for (const KernelDirectory& directory : directories) {
    out << "master " << ToHex(AsBytes(directory.master)) << '\n';
    out << "directory " << ToHex(AsBytes(directory.context)) << '\n';
    for (const KernelName& name : directory.names) {
      out << "name " << name.clear_bytes << ' ' << name.stored << ' ' << name.nokey_text << '\n';
    }
    for (const KernelInode& file : directory.files) inode("file", file);
    for (const KernelInode& symlink : directory.symlinks) inode("symlink", symlink);
  }
}

std::vector<KernelDirectory> ReadFacts(std::istream& in) {
  std::vector<KernelDirectory> directories;
  std::string master;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string kind;
    fields >> kind;
    if (kind == "master") {
      master = HexField(fields);
    } else if (kind == "directory") {
      directories.push_back({.master = master, .context = HexField(fields), .names = {}, .files = {}, .symlinks = {}});
    } else if (directories.empty()) {
      return {};
    } else if (kind == "name") {
      KernelName name;
      fields >> name.clear_bytes >> name.stored >> name.nokey_text;
      directories.back().names.push_back(name);
    } else if (kind == "file" || kind == "symlink") {
      KernelInode inode{.context = HexField(fields), .clear_bytes = 0, .stored = {}, .nokey_text = {}};
      fields >> inode.clear_bytes >> inode.stored;
      if (kind == "symlink") fields >> inode.nokey_text;
      (kind == "file" ? directories.back().files : directories.back().symlinks).push_back(inode);
    } else {
      return {};
    }
    if (fields.fail()) return {};
  }
  return directories;
}

std::vector<std::string> Differences(const KernelDirectory& directory) {
  Comparison comparison;
  const auto raw = SecretKey::FromBytes(AsBytes(directory.master));
  const auto context = DecodeContext(AsBytes(directory.context));
  if (!raw.ok() || !context.ok()) return {"the directory's key or context is not one"};
  const MasterKey master(SecretKey::FromBytes(AsBytes(directory.master)).value());
  comparison.Same("context", ToHex(AsBytes(EncodeContext(*context))), ToHex(AsBytes(directory.context)));
  const auto names = OpenNames(master, *context);
  if (!names.ok()) return {names.status().ToString()};
  CompareNames(directory, **names, comparison);
  CompareFiles(directory, master, comparison);
  CompareSymlinks(directory, master, comparison);
  return comparison.Take();
}

}  // namespace nacre
