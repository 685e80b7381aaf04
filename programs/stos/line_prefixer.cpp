#include "programs/stos/line_prefixer.hpp"

namespace stos::program {
namespace {

std::string prefix(std::string_view name, std::string_view colour, std::string_view bar) {
  const std::string text = std::string(name) + " " + std::string(bar);
  return (colour.empty() ? text : "\x1b[" + std::string(colour) + "m" + text + "\x1b[0m") + " ";
}

} // namespace

LinePrefixer::LinePrefixer(std::string_view name, std::string_view colour)
    : first_prefix_(prefix(name, colour, "|")), next_prefix_(prefix(name, colour, "+")) {}

void LinePrefixer::put_line(std::string& out, std::string_view line) {
  out += is_continued_ ? next_prefix_ : first_prefix_;
  out += line;
  out += '\n';
}

std::string LinePrefixer::feed(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t room = line_bytes_max - partial_.size();
    const std::size_t end = bytes.substr(0, room).find('\n');
    const bool is_whole = end != std::string_view::npos;
    if (!is_whole && bytes.size() < room) {
      partial_ += bytes;
      break;
    }
    const std::size_t taken = is_whole ? end : room;
    partial_ += bytes.substr(0, taken);
    put_line(out, partial_);
    partial_.clear();
    is_continued_ = !is_whole;
    bytes.remove_prefix(taken);
    // A line break right after a full part ends the line that the part belongs to.
    if (bytes.starts_with('\n')) {
      bytes.remove_prefix(1);
      is_continued_ = false;
    }
  }
  return out;
}

std::string LinePrefixer::finish() {
  std::string out;
  if (!partial_.empty())
    put_line(out, partial_);
  partial_.clear();
  is_continued_ = false;
  return out;
}

std::string node_name(std::size_t index) { return "node" + std::to_string(index + 1); }

std::string padded_node_name(std::size_t index, std::size_t count) {
  std::string name = node_name(index);
  name.resize(node_name(count - 1).size(), ' ');
  return name;
}

} // namespace stos::program
