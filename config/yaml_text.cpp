#include "config/yaml_text.hpp"

#include "libstos/base/utf8.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

namespace stos::detail {
namespace {

constexpr std::size_t file_bytes_max = 1 << 20;

Error bad_config(std::string text) { return {Errc::bad_config, std::move(text)}; }

/// Finds the first line that is not plain UTF-8 text. The YAML reader would replace bad bytes and
/// take some control characters for the end of the file.
Result<void> check_characters(const std::string& name, std::string_view text) {
  int line = 1;
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    const auto lead = static_cast<unsigned char>(text.front());
    const bool is_space = lead == '\t' || lead == '\n' || lead == '\r';
    const bool is_control = (lead < 0x20 && !is_space) || lead == 0x7f;
    if (bytes == 0 || is_control)
      return bad_config(name + ":" + std::to_string(line) + ": not UTF-8 text" +
                        (is_control ? ": a control character" : ""));
    line += lead == '\n' ? 1 : 0;
    text.remove_prefix(bytes);
  }
  return {};
}

/// Notes where the latest document begins and ignores what is in it.
class DocumentStart : public YAML::EventHandler {
public:
  int line() const { return line_; }

  void OnDocumentStart(const YAML::Mark& mark) override { line_ = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

private:
  int line_ = 0;
};

/// The line where a second document begins, if `text` has one. YAML::Load() reads the first one and
/// drops the rest without a word; YAML::LoadAll() never ends on a stray `,` or `}`, which the
/// parser takes for an endless row of empty documents. This loop asks for two and no more.
std::optional<int> second_document_line(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStart start;
  if (parser.HandleNextDocument(start) && parser.HandleNextDocument(start))
    return start.line();
  return std::nullopt;
}

} // namespace

Result<std::string> read_yaml_file(const std::filesystem::path& path, const std::string& what) {
  const std::string name = path.string();
  std::error_code status;
  if (std::filesystem::is_directory(path, status))
    return Error{Errc::io_error, name + ": is a directory; a " + what + " is a YAML file"};
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  if (file)
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad())
    return Error{Errc::io_error, name + ": cannot read the " + what + ": " +
                                     (errno != 0 ? std::strerror(errno) : "unknown error")};
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > file_bytes_max)
    return bad_config(name + ": larger than 1 MiB; that is no " + what);
  return text;
}

Result<void> check_yaml_text(const std::string& name, const std::string& text,
                             const std::string& what) {
  if (Result<void> done = check_characters(name, text); !done)
    return done;
  try {
    if (const auto line = second_document_line(text))
      return bad_config(name + ":" + std::to_string(*line) +
                        ": the YAML document ends before this line, but the file goes on; a " +
                        what + " is one document");
  } catch (const YAML::Exception& problem) {
    return invalid_yaml(name, problem);
  }
  return {};
}

Error invalid_yaml(const std::string& name, const YAML::Exception& problem) {
  const int line = problem.mark.is_null() ? 1 : problem.mark.line + 1;
  return bad_config(name + ":" + std::to_string(line) + ": invalid YAML: " + problem.msg);
}

} // namespace stos::detail
