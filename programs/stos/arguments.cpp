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

std::optional<int> parse_words(CLI::App& app, std::vector<std::string> words,
                               std::vector<std::string>& rest, std::ostream& out,
                               std::ostream& err) {
  app.allow_extras();
  if (const auto exit_code = parse_words(app, std::move(words), out, err))
    return exit_code;
  rest = app.remaining();
  const auto mark = std::ranges::find(rest, "--");
  const auto option = std::find_if(rest.begin(), mark, [](const std::string& word) {
    return word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9');
  });
  if (option != mark)
    return report_bad_usage(
        app, "unknown option " + detail::quote(*option) + "; --help shows the options", err);
  if (mark != rest.end())
    rest.erase(mark);
  return std::nullopt;
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
