#include "client/shell/words.h"

namespace nacre::shell {
namespace {

constexpr std::string_view kSpecial = " \t\r\n'\"\\;#";

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<std::vector<Words>> Run() {
    const Status ended = ReadAll();
    if (!ended.ok()) return ended;
    EndCommand();
    return commands_;
  }

  TypedLine RunTyped() {
    const bool whole = ReadAll().ok();
    TypedLine typed{.before = words_, .word = word_, .word_begin = in_word_ ? word_begin_ : text_.size()};
    const char first = in_word_ ? text_[word_begin_] : '\0';
    if (!whole && (first == '\'' || first == '"')) typed.quote = first;
    return typed;
  }

 private:
  Status ReadAll() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        if (!TakeQuoted(c)) return Status(Code::kInvalid, std::string("a quote that does not end: ") + c);
      } else if (c == '\\') {
        BeginWord();
        if (at_ + 1 >= text_.size()) return Status(Code::kInvalid, "a backslash at the end");
        Put(text_[++at_]);
      } else if (c == ';' || c == '\n') {
        EndCommand();
      } else if (c == ' ' || c == '\t' || c == '\r') {
        EndWord();
      } else if (c == '#' && !in_word_) {
        while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
      } else {
        BeginWord();
        Put(c);
      }
    }
    return Status::Ok();
  }
  void BeginWord() {
    if (!in_word_) word_begin_ = at_;
    in_word_ = true;
  }
  void Put(char c) { word_ += c; }
  bool TakeQuoted(char quote) {
    BeginWord();
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) return true;
      const bool escape = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() &&
                          (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
      if (escape) ++at_;
      word_ += text_[at_];
    }
    return false;
  }
  void EndWord() {
    if (in_word_) words_.push_back(word_);
    word_.clear();
    in_word_ = false;
  }
  void EndCommand() {
    EndWord();
    if (!words_.empty()) commands_.push_back(words_);
    words_.clear();
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;
  size_t word_begin_ = 0;
  Words words_;
  std::vector<Words> commands_;
};

}  // namespace

Result<std::vector<Words>> SplitCommands(std::string_view text) { return Splitter(text).Run(); }

TypedLine ReadTyped(std::string_view line) { return Splitter(line).RunTyped(); }

std::string TypedForm(std::string_view word, char quote) {
  std::string out(quote == 0 ? 0 : 1, quote);
  for (char c : word) {
    if (static_cast<unsigned char>(c) < ' ' || (quote == '\'' && c == '\'')) return {};
    const std::string_view escaped = quote == '"' ? "\"\\" : kSpecial;
    if (quote != '\'' && escaped.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string Quoted(std::string_view word) {
  if (!word.empty() && word.find_first_of(kSpecial) == std::string_view::npos) return std::string(word);
  std::string out = "'";
  for (char c : word) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out + "'";
}

bool BearsSecret(std::string_view line) {
  for (std::string_view option : {"--key", "--passphrase", "--recovery"}) {
    if (line.find(option) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace nacre::shell
