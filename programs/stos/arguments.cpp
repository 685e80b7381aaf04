#include "programs/stos/arguments.hpp"

#include "config/values.hpp"

#include <algorithm>
#include <ostream>

namespace stos::program {

int report_bad_usage(const CLI::App& app, const std::string& text, std::ostream& err) {
  err << app.get_name() << ": error: " << text << std::endl;
  return exit_bad_usage;
}

std::optional<int> parse_words(CLI::App& app, std::vector<std::string> words, std::ostream& out,
                               std::ostream& err) {
  std::ranges::reverse(words); // as CLI11 wants them
  try {
    app.parse(words);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    out << app.help() << std::flush;
    return 0;
  } catch (const CLI::Error& problem) {
    return report_bad_usage(app, problem.what(), err);
  }
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, double& value_s, double min_s,
                          double max_s, const std::string& meaning) {
  const auto set = [&value_s, name, min_s, max_s](const std::string& text) {
    const Result<double> duration_s = detail::parse_duration_s(text, detail::BareNumber::seconds);
    if (duration_s && *duration_s >= min_s && *duration_s <= max_s) {
      value_s = *duration_s;
      return;
    }
    throw CLI::ValidationError(
        name + ": " +
        (duration_s ? detail::quote(text) + " is out of range" : duration_s.error().context) +
        "; allowed: a time (" + std::string(detail::duration_units) + "; s without unit) from " +
        exact_text(min_s) + " s to " + exact_text(max_s) + " s");
  };
  return app.add_option_function<std::string>(name, set, meaning)->type_name("TIME");
}

} // namespace stos::program
