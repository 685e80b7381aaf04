#pragma once

#include "libstos/base/result.hpp"
#include "libstos/model/series.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos::program {

/// What the observers of a run have seen, as its table has it (RunOptions::observations_path): for
/// each observer and each of the table's columns, a number over time.
class ObservedTable {
public:
  /// Fails with Errc::bad_message if `table` is none.
  [[nodiscard]] static Result<ObservedTable> read(std::string_view table);

  /// Without the looks at which that column is empty. Fails with Errc::bad_message if there is no
  /// such observer or column, and says which there are.
  [[nodiscard]] Result<Series> series_of(const std::string& observer,
                                         const std::string& column) const;

private:
  std::vector<std::string> columns_;
  std::vector<std::string> observers_; // in the order in which they come
  std::map<std::pair<std::string, std::string>, Series> series_;
};

} // namespace stos::program
