// FileOpener: from a path, or a directory and a name, to an OpenFile. A create is one request that carries the new
// inode's context (promise P3); a locked file is refused before anything happens to it. Any thread.
#pragma once

#include <memory>
#include <string>

#include "client/core/namespace.h"
#include "client/core/open_file.h"

namespace nacre {

class FileOpener {
 public:
  FileOpener(Namespace& names, const FileServices& services) : names_(names), services_(services) {}

  struct Wish {
    bool read = true, write = false;
    bool create = false, exclusive = false, truncate = false;
    uint32_t mode = 0644;  // umask already applied
    v1::LayoutHint hint;
    bool raw = false;   // without the key: OpenFile::MakeRaw
    std::string never;  // the FID, as text, of a file that must not be emptied: the source of a copy; or nothing
  };
  // A symlink in the last component is followed.
  Task<Result<std::shared_ptr<OpenFile>>> Open(std::string path, Wish wish);
  Task<Result<std::shared_ptr<OpenFile>>> OpenIn(DirectoryPtr parent, std::string name, Wish wish);
  // What a lookup or a listing showed.
  Task<Result<std::shared_ptr<OpenFile>>> OpenKnown(v1::Inode known, Wish wish);
  // For its pages as the servers hold them: that needs the right to read the file, and no key. A symlink is followed.
  Task<Result<std::shared_ptr<OpenFile>>> OpenRaw(std::string path);
  // Without telling the MDS: for one request that needs the content's edge pages (truncate by path).
  Result<std::shared_ptr<OpenFile>> Unopened(const v1::Inode& inode);

 private:
  Task<Result<std::shared_ptr<OpenFile>>> OpenOnce(std::string path, Wish wish);
  Task<Result<std::shared_ptr<OpenFile>>> Create(DirectoryPtr parent, std::string name, Wish wish);
  Task<Result<std::shared_ptr<OpenFile>>> CreateOnce(DirectoryPtr parent, std::string name, Wish wish,
                                                     uint64_t* granted_in, CallTrace* trace);
  Task<Result<std::shared_ptr<OpenFile>>> OpenExisting(DirectoryPtr parent, std::string name, Wish wish);
  // What the answer must show; the server's word alone does not decide what is encrypted, nor with which nonce.
  struct Expected {
    DirectoryPtr parent;  // any file that may be in it, or
    Fid fid;              // this one,
    std::string context;  // with this context
    Status Check(const v1::Inode& inode) const;
  };
  Task<Result<std::shared_ptr<OpenFile>>> Send(v1::OpenRequest request, Wish wish, Expected expected, CallTrace* trace);

  Namespace& names_;
  const FileServices services_;
};

}  // namespace nacre
