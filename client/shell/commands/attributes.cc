// chmod, chown, setfattr, getfattr: attributes.
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <charconv>

#include "client/shell/app.h"
#include "client/shell/per_path.h"
#include "client/shell/symbolic_mode.h"
#include "client/shell/table.h"
#include "common/base/bytes.h"
#include "results.pb.h"

namespace nacre::shell {
namespace {

struct ChangeArguments {
  std::string what;
  std::vector<std::string> paths;
  bool recursive = false;
};

int RunChmod(CommandContext& context, const ChangeArguments& a) {
  const mode_t mask = umask(0);
  umask(mask);
  if (!ApplyMode(a.what, 0, false, mask).has_value()) return context.Usage("chmod: '" + a.what + "' is no mode such as 755 or u+rwx,go-w");
  if (ParseOctalMode(a.what).has_value() && !a.recursive) {  // needs no look at what is there
    const uint32_t mode = *ParseOctalMode(a.what);
    return ForEachPath(context, "change the mode of", a.paths,
                       [&](Client& client, const std::string& path) { return client.SetMode(path, mode); });
  }
  auto changed = [&](const FileInfo& info) { return *ApplyMode(a.what, info.mode, info.kind == FileKind::kDirectory, mask); };
  WalkOptions walk{.follow_start = Client::Follow::kYes, .depth_max = a.recursive ? INT64_MAX : 0};  // as chmod(1)
  // A directory that its owner may not enter afterwards is changed last; one that he may not enter yet, first.
  walk.children_first = [&](const FileInfo& directory) { return (changed(directory) & (S_IRUSR | S_IXUSR)) != (S_IRUSR | S_IXUSR); };
  auto change = [&](Client& client, const std::string&, const FileInfo& info) {
    return info.kind == FileKind::kSymlink ? Status::Ok() : client.SetMode(info, changed(info));
  };
  return ForEachBelow(context, "change the mode of", a.paths, walk, change);
}

std::optional<uint32_t> ParseId(const std::string& text) {
  uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size() && id != UINT32_MAX ? std::optional(id) : std::nullopt;
}
std::optional<uint32_t> UserId(const std::string& text) {
  const passwd* user = getpwnam(text.c_str());
  return user != nullptr ? std::optional<uint32_t>(user->pw_uid) : ParseId(text);
}
std::optional<uint32_t> GroupId(const std::string& text) {
  const group* entry = getgrnam(text.c_str());
  return entry != nullptr ? std::optional<uint32_t>(entry->gr_gid) : ParseId(text);
}

int RunChown(CommandContext& context, const ChangeArguments& a) {
  const size_t colon = a.what.find(':');
  const std::string user = a.what.substr(0, colon);
  const std::string group = colon == std::string::npos ? std::string() : a.what.substr(colon + 1);
  std::optional<uint32_t> uid, gid;
  if (!user.empty()) uid = UserId(user);
  if (!group.empty()) gid = GroupId(group);
  const bool unknown = (!user.empty() && !uid.has_value()) || (!group.empty() && !gid.has_value());
  if (unknown || (user.empty() && group.empty())) return context.Usage("chown: '" + a.what + "' is no USER, USER:GROUP or :GROUP");
  if (!a.recursive) {
    return ForEachPath(context, "change the owner of", a.paths,
                       [&](Client& client, const std::string& path) { return client.SetOwner(path, uid, gid); });
  }
  // As chown(1): a link met on the way is changed itself. Who made it in his own tree does not choose what is given to him.
  const WalkOptions walk{.children_first = [](const FileInfo&) { return true; }};  // what is given away may be closed to us
  return ForEachBelow(context, "change the owner of", a.paths, walk, [&](Client& client, const std::string&, const FileInfo& info) {
    return client.SetOwner(info, uid, gid);
  });
}

struct XattrArguments {
  std::vector<std::string> paths;
  std::string name, value, remove;
  bool dump = false;
};

// As setfattr(1): 0xHEX, 0sBASE64 is not taken; anything else is the value itself.
Result<std::string> XattrValue(const std::string& text) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return text;
  const std::optional<std::string> bytes = FromHex(std::string_view(text).substr(2));
  if (!bytes.has_value()) return Status(Code::kInvalid, "'" + text + "' is no hex");
  return *bytes;
}

int RunSetfattr(CommandContext& context, const XattrArguments& a) {
  if (a.name.empty() == a.remove.empty()) return context.Usage("setfattr: either -n NAME [-v VALUE] or -x NAME");
  const Result<std::string> value = XattrValue(a.value);
  if (!value.ok()) return context.Usage("setfattr: " + value.status().message());
  return ForEachPath(context, "change an attribute of", a.paths, [&](Client& client, const std::string& path) {
    return a.remove.empty() ? client.SetXattr(path, a.name, *value) : client.RemoveXattr(path, a.remove);
  });
}

std::string AttributesText(const results::Attributes& message, bool values) {
  std::string out, last;
  for (const results::Attribute& attribute : message.attributes()) {
    if (attribute.path() != last) {
      out += (out.empty() ? "# file: " : "\n# file: ") + Printable(attribute.path()) + "\n";
      last = attribute.path();
    }
    out += attribute.name();
    if (values) {
      const std::string shown = Printable(attribute.value());
      const bool text = shown == attribute.value() && shown.find('"') == std::string::npos;
      out += text ? "=\"" + shown + "\"" : "=0x" + ToHex(AsBytes(attribute.value()));
    }
    out += "\n";
  }
  return out;
}

int RunGetfattr(CommandContext& context, const XattrArguments& a) {
  results::Attributes message;
  const int exit_code = ForEachPath(context, "read attributes of", a.paths, [&](Client& client, const std::string& path) -> Status {
    std::vector<std::pair<std::string, std::string>> found;
    if (!a.name.empty()) {
      Result<std::string> value = client.GetXattr(path, a.name);
      if (!value.ok()) return value.status();
      found.emplace_back(a.name, *value);
    } else {
      auto all = client.ListXattrs(path);
      if (!all.ok()) return all.status();
      found = *all;
    }
    for (const auto& [name, value] : found) {
      results::Attribute* attribute = message.add_attributes();
      attribute->set_path(path);
      attribute->set_name(name);
      attribute->set_value(value);
    }
    return Status::Ok();
  });
  context.Answer(message, [&] { return AttributesText(message, a.dump || !a.name.empty()); });
  return exit_code;
}

}  // namespace

void AddAttributeCommands(CommandTree& tree) {
  auto chmod = std::make_shared<ChangeArguments>();
  CLI::App* command = tree.Add("chmod", "change modes", "nacre chmod 640 /vault/a\nnacre chmod -R u+rwX,go-w /vault");
  command->add_option("MODE", chmod->what, "octal or symbolic")->required();
  command->add_option("PATH", chmod->paths, "files")->required();
  command->add_flag("-R,--recursive", chmod->recursive, "all that is below as well");
  tree.OnRun(command, [chmod](CommandContext& context) { return RunChmod(context, *chmod); });

  auto chown = std::make_shared<ChangeArguments>();
  command = tree.Add("chown", "change owners and groups", "nacre chown alice:staff /vault/a\nnacre chown -R :1000 /vault");
  command->add_option("OWNER", chown->what, "USER, USER:GROUP or :GROUP, by name or number")->required();
  command->add_option("PATH", chown->paths, "files")->required();
  command->add_flag("-R,--recursive", chown->recursive, "all that is below as well");
  tree.OnRun(command, [chown](CommandContext& context) { return RunChown(context, *chown); });

  auto set = std::make_shared<XattrArguments>();
  command = tree.Add("setfattr", "set or remove extended attributes (visible to the servers)", "nacre setfattr -n user.tag -v blue /a\nnacre setfattr -x user.tag /a");
  command->add_option("-n,--name", set->name, "which")->type_name("NAME");
  command->add_option("-v,--value", set->value, "text, or 0x and hex")->type_name("VALUE");
  command->add_option("-x,--remove", set->remove, "remove this one")->type_name("NAME");
  command->add_option("PATH", set->paths, "files")->required();
  tree.OnRun(command, [set](CommandContext& context) { return RunSetfattr(context, *set); });

  auto get = std::make_shared<XattrArguments>();
  command = tree.Add("getfattr", "show extended attributes", "nacre getfattr -d /a\nnacre getfattr -n user.tag /a");
  command->add_option("-n,--name", get->name, "only this one, with its value")->type_name("NAME");
  command->add_flag("-d,--dump", get->dump, "values as well");
  command->add_option("PATH", get->paths, "files")->required();
  tree.OnRun(command, [get](CommandContext& context) { return RunGetfattr(context, *get); });
}

}  // namespace nacre::shell
