#include "libstos/world/observed.hpp"

#include "libstos/base/csv.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/usage_error.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <utility>

namespace stos {
namespace {

constexpr int bits_dropped = 45; // of the 52 of a fraction
constexpr std::int32_t keys_max = (std::int32_t{1} << (63 - bits_dropped)) - 1;

std::int32_t key_of(double x) {
  const auto key =
      static_cast<std::int32_t>(std::bit_cast<std::uint64_t>(std::fabs(x)) >> bits_dropped);
  return x < 0 ? ~key : key;
}

// The number next to 0 of those with this key.
double number_of(std::int32_t key) {
  const auto bits = static_cast<std::uint64_t>(key < 0 ? ~key : key) << bits_dropped;
  return key < 0 ? -std::bit_cast<double>(bits) : std::bit_cast<double>(bits);
}

// Of all bins that there are, each once, in the order in which they come.
std::vector<std::string> names_of_bins(const std::vector<Observation>& all) {
  std::vector<std::string> names;
  const Bins* last = nullptr; // those of one observer are alike
  for (const Observation& each : all) {
    const Bins& bins = each.seen.bins();
    if (last != nullptr && last->bounds() == bins.bounds())
      continue;
    last = &bins;
    for (std::size_t bin = 0; bin < bins.counts().size(); ++bin)
      if (const std::string name = bins.name_of(bin); std::ranges::count(names, name) == 0)
        names.push_back(name);
  }
  return names;
}

// Nothing if there is no such bin.
std::string count_in(const Bins& bins, const std::string& name) {
  for (std::size_t bin = 0; bin < bins.counts().size(); ++bin)
    if (bins.name_of(bin) == name)
      return std::to_string(bins.counts()[bin]);
  return "";
}

} // namespace

void Observed::add(double x) {
  ++count_;
  sum_.add(x);
  if (std::isnan(x))
    return;
  least_ = std::min(least_, x);
  greatest_ = std::max(greatest_, x);
  bins_.add(x);
  if (has_quantiles_)
    ++alike_[key_of(x)];
}

void Observed::add(const Observed& other) {
  count_ += other.count_;
  sum_.add(other.sum_);
  least_ = std::min(least_, other.least_);
  greatest_ = std::max(greatest_, other.greatest_);
  has_quantiles_ = has_quantiles_ || other.has_quantiles_;
  for (const auto& [key, count] : other.alike_)
    alike_[key] += count;
  bins_.add(other.bins_);
}

double Observed::mean() const { return count_ == 0 ? 0 : sum() / static_cast<double>(count_); }

double Observed::quantile(double share) const {
  if (!(share >= 0 && share <= 1) || !has_quantiles_)
    throw UsageError(Errc::bad_argument,
                     !has_quantiles_
                         ? "a quantile of an observer that was not asked for them "
                           "(Look::quantiles)"
                         : "a quantile is for a share in [0, 1], not " + exact_text(share));
  if (alike_.empty())
    return 0;
  if (share == 0 || share == 1)
    return share == 0 ? least_ : greatest_;
  std::uint64_t numbers = 0;
  for (const auto& [key, count] : alike_)
    numbers += count;
  const double rank = std::max(1.0, std::ceil(share * static_cast<double>(numbers)));
  std::uint64_t below = 0;
  for (const auto& [key, count] : alike_)
    if (below += count; static_cast<double>(below) >= rank)
      return std::clamp(number_of(key), least_, greatest_);
  return greatest_;
}

bool Observed::makes_sense() const {
  return alike_.empty() ||
         (least_ <= greatest_ && std::ranges::all_of(alike_, [](const auto& each) {
            return each.first <= keys_max && ~each.first <= keys_max;
          }));
}

std::vector<Observation> Observations::of(std::string_view observer) const {
  std::vector<Observation> found;
  std::ranges::copy_if(all_, std::back_inserter(found),
                       [observer](const Observation& each) { return each.observer == observer; });
  if (found.empty())
    throw UsageError(Errc::bad_argument,
                     "no observer called \"" + std::string(observer) + "\" has seen anything");
  return found;
}

std::string Observations::to_csv() const {
  std::string text = "time,observer,count,sum,mean,least,greatest,median,p05,p95";
  const std::vector<std::string> bins = names_of_bins(all_);
  for (const std::string& name : bins)
    text += ',' + name;
  text += '\n';
  for (const Observation& each : all_) {
    const Observed& seen = each.seen;
    text += exact_text(each.time) + ',' + csv_field(each.observer) + ',' +
            std::to_string(seen.count()) + ',' + exact_text(seen.sum()) + ',';
    if (seen.count() > 0)
      text += exact_text(seen.mean()) + ',' + exact_text(seen.least()) + ',' +
              exact_text(seen.greatest());
    else
      text += ",,";
    if (seen.has_quantiles() && seen.count() > 0)
      for (const double share : {0.5, 0.05, 0.95})
        text += ',' + exact_text(seen.quantile(share));
    else
      text += ",,,";
    for (const std::string& name : bins)
      text += ',' + count_in(seen.bins(), name);
    text += '\n';
  }
  return text;
}

namespace detail {

void write_observations(std::span<const Observation> all, BytesWriter& out) {
  out.varint(all.size());
  for (const Observation& each : all)
    save(out, each);
}

std::vector<Observation> read_observations(BytesReader& in) {
  std::vector<Observation> all;
  constexpr std::size_t bytes_each = 30;
  for (std::size_t left = in.count(bytes_each); left > 0 && in.ok(); --left)
    (void)load(in, all.emplace_back());
  return all;
}

// Both are in the same order, of which one may have an end that the other one lacks.
void add_observations(std::vector<Observation>& all, std::vector<Observation> others) {
  std::size_t next = 0;
  for (Observation& other : others) {
    while (next < all.size() &&
           (all[next].time != other.time || all[next].observer != other.observer))
      ++next;
    if (next < all.size())
      all[next].seen.add(other.seen);
    else
      all.push_back(std::move(other));
  }
}

} // namespace detail
} // namespace stos
