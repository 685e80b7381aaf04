#include "actors/run/named_cut.hpp"

#include "config/program.hpp"
#include "config/values.hpp"
#include "libstos/base/demangle.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/code/code_registry.hpp"
#include "libstos/image/agent_view.hpp"
#include "libstos/world/agent_base.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace stos::detail {
namespace {

template <class T>
T or_throw(Result<T> result) {
  if (!result)
    throw UsageError(result.error());
  return *std::move(result);
}

Error bad_place(const std::string& text, const std::string& problem) {
  return {Errc::bad_config, "the cut " + quote(text) + " " + problem +
                                "; allowed: PLACE, PLACE@TIME as in runs@10s, or PLACE@#NUMBER"};
}

struct CutName {
  std::string place;
  CutChoice choice;
};

// A password may have an @, too: what follows the last one is no time then.
Result<CutName> parse(const std::string& text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos)
    return CutName{text, {}};
  const std::string which = text.substr(at + 1);
  CutName from{text.substr(0, at), {}};
  if (which.starts_with('#')) {
    const auto number = parse_number<std::uint64_t>(std::string_view(which).substr(1), 1,
                                                    std::numeric_limits<std::uint64_t>::max());
    if (!number)
      return bad_place(text, "has a number of a cut that is none: " + number.error().context);
    from.choice.number = *number;
    return from;
  }
  const Result<double> time = parse_duration_s(which, BareNumber::seconds);
  if (time) {
    from.choice.time = *time;
    return from;
  }
  if (which.find(':') != std::string::npos || which.find('/') != std::string::npos)
    return CutName{text, {}};
  return bad_place(text, "has a time that is none: " + time.error().context);
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 5;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown)
    text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

} // namespace

void require_all_types(const Cut& cut, const std::string& what) {
  std::vector<std::string> missing;
  for (const Cut::Type& type : cut.classes)
    if (find_agent_type(type.id) == nullptr)
      missing.push_back("class " + type.name);
  for (const Cut::Type& type : cut.lambdas)
    if (find_closure(type.id) == nullptr)
      missing.push_back("lambda " + demangle(type.name.c_str()));
  if (!missing.empty())
    throw UsageError(Errc::bad_config,
                     what + " is of another program: this one has no " + list_of(missing));
}

void require_same_fields(const Cut& cut, const std::string& what, World& world,
                         const std::vector<Cell*>& agents) {
  std::map<std::uint64_t, Cell*> here;
  for (Cell* cell : agents)
    if (cell->agent != nullptr)
      here.emplace(cell->ops->type_id, cell);
  const auto require = [&what](const std::string& name, const std::string& before,
                               const std::string& now) {
    if (!before.empty() && !now.empty() && before != now)
      throw UsageError(Errc::bad_config, what + " is of a build in which " + name +
                                             " was made of other things: " + before +
                                             "; here it is made of " + now);
  };
  for (const Cut::Type& type : cut.classes)
    if (const auto found = here.find(type.id); found != here.end())
      require("class " + type.name, type.fields, fields_of(world, *found->second));
  for (const Cut::Type& type : cut.lambdas)
    if (const ClosureOps* ops = find_closure(type.id))
      require("lambda " + demangle(type.name.c_str()), type.fields, fields_of(*ops));
}

OpenedStore open_to_read(const std::string& place) {
  OpenedStore opened;
  opened.store = or_throw(CutStore::open(place, Access::read));
  opened.contents = or_throw(opened.store->list());
  for (const std::string& damage : opened.contents.damage)
    tell("warning: " + opened.store->place() + ": " + damage);
  return opened;
}

ReadCut read_named_cut(const std::string& name) {
  const CutName meant = or_throw(parse(name));
  const OpenedStore opened = open_to_read(meant.place);
  ReadCut found;
  found.entry = or_throw(pick(*opened.store, opened.contents, meant.choice));
  found.cut = read(opened, found.entry);
  found.place = opened.store->place();
  return found;
}

namespace {

// Only those that other processes may have written.
bool is_there(const std::string& place) {
  if (place.starts_with("memory:"))
    return false;
  std::error_code none;
  return place.starts_with("redis://") || std::filesystem::exists(place, none);
}

} // namespace

std::optional<ReadCut> latest_stored_cut(const std::string& place, const std::string& run,
                                         std::uint64_t lineage, std::optional<double> after) {
  if (place.empty() || !is_there(place))
    return std::nullopt;
  try {
    const OpenedStore opened = open_to_read(place);
    std::vector<CutEntry> fitting;
    for (const CutEntry& entry : opened.contents.cuts)
      if (entry.run == run && entry.lineage == lineage && (!after || entry.time > *after))
        fitting.push_back(entry);
    std::ranges::sort(fitting, std::ranges::greater(), &CutEntry::time);
    for (const CutEntry& entry : fitting) {
      Result<Cut> cut = read_cut(*opened.store, entry);
      if (cut)
        return ReadCut{*std::move(cut), entry, opened.store->place()};
      tell("warning: " + cut.error().context);
    }
  } catch (const UsageError& problem) {
    tell("warning: the store of cuts cannot be read: " + problem.error().context);
  }
  return std::nullopt;
}

Cut read(const OpenedStore& opened, const CutEntry& entry) {
  return or_throw(read_cut(*opened.store, entry));
}

} // namespace stos::detail
