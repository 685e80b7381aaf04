#include "config/command_line.hpp"

#include "config/interruption.hpp"
#include "config/keys.hpp"
#include "config/program.hpp"
#include "config/spelling.hpp"
#include "config/version.hpp"
#include "libstos/base/usage_error.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>
#include <optional>
#include <span>
#include <utility>

namespace stos {
namespace {

using namespace detail;

constexpr const char* run_options_group = "Options of every run";
constexpr const char* footer =
    "Every key of config/stos.yaml can stand in the file and in the environment, as in\n"
    "STOS_ENGINE_WORKERS=4. A later source wins: file, environment, command line.";

Error bad_argument(std::string text) { return {Errc::bad_argument, std::move(text)}; }

/// `--seed=`: CLI11 would take the next argument for its value. Returns the first one of that kind.
std::optional<std::string> argument_with_nothing_after_equals(std::span<const char* const> args) {
  for (const std::string_view argument : args) {
    if (argument == "--")
      break;
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1)
      return std::string(argument);
  }
  return std::nullopt;
}

} // namespace

/// CLI11 does the syntax: it splits the arguments and collects the text of each option. What a text
/// means is ours (the table of keys, the setters of own options), so that all errors look alike.
struct CommandLine::State {
  struct RunOption {
    const ConfigKey* key;
    CLI::Option* option;
  };
  struct OwnOption {
    CLI::Option* option;
    Setter set;
  };

  State(std::string_view description, RunOptions run_defaults)
      : app(std::string(description)), defaults(std::move(run_defaults)) {}

  /// Runs CLI11. A text is the answer to --help or --version.
  Result<std::string> split(int argc, const char* const* argv);
  Result<RunOptions> load_file(const Environment& environment) const;
  Result<RunOptions> apply_run_options(RunOptions options) const;
  Result<void> apply_own_options() const;
  std::string unknown_argument() const;

  CLI::App app;
  RunOptions defaults;
  CLI::Option* config_file = nullptr;
  std::vector<RunOption> run_options;
  std::vector<OwnOption> own_options;
};

namespace {

/// Declares an option to CLI11: one that takes a text or, with an empty placeholder, a flag.
CLI::Option* declare_option(CLI::App& app, const std::string& name, const std::string& placeholder,
                            const std::string& meaning) {
  CLI::Option* option = placeholder.empty() ? app.add_flag(name) : app.add_option(name);
  option->description(meaning)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (!placeholder.empty())
    option->type_name(placeholder);
  return option;
}

/// The text given for `option`, or nothing when it is absent. Giving it twice is an error, because
/// neither the first nor the last one is obviously meant.
Result<std::optional<std::string>> text_of(const CLI::Option& option) {
  const std::vector<std::string>& texts = option.results();
  if (texts.empty())
    return std::optional<std::string>();
  if (texts.size() > 1)
    return bad_argument(option.get_name() + ": given " + std::to_string(texts.size()) + " times");
  return std::optional<std::string>(texts.front());
}

} // namespace

CommandLine::CommandLine(std::string_view program_description, RunOptions defaults)
    : state_(std::make_unique<State>(program_description, std::move(defaults))) {
  CLI::App& app = state_->app;
  app.footer(footer);
  app.set_help_flag("-h,--help", "Print this text and exit")->group(run_options_group);
  app.set_version_flag("--version", "libstos " + std::string(library_version()),
                       "Print the version and exit")
      ->group(run_options_group);
  state_->config_file = declare_option(app, "--config", "FILE",
                                       "YAML file with the configuration; default: the variable " +
                                           std::string(config_file_variable))
                            ->group(run_options_group);
  for (const ConfigKey& key : config_keys()) {
    if (key.option.empty())
      continue;
    CLI::Option* const option = declare_option(app, key.option, key.type.placeholder, key.meaning);
    state_->run_options.push_back({&key, option->group(run_options_group)});
  }
}

CommandLine::~CommandLine() = default;
CommandLine::CommandLine(CommandLine&&) noexcept = default;
CommandLine& CommandLine::operator=(CommandLine&&) noexcept = default;

void CommandLine::add(const std::string& name, const std::string& placeholder,
                      const std::string& meaning, const std::string& shown_default, Setter set) {
  try {
    CLI::Option* const option = declare_option(state_->app, name, placeholder, meaning);
    state_->own_options.push_back({option->default_str(shown_default), std::move(set)});
  } catch (const CLI::Error& problem) {
    throw UsageError(Errc::bad_argument, "command line option " + quote(name) +
                                             " cannot be declared: " + problem.what());
  }
}

void CommandLine::option(const std::string& name, std::string& value, const std::string& meaning) {
  add(name, "TEXT", meaning, value, [&value](const std::string& text) -> Result<void> {
    value = text;
    return {};
  });
}

void CommandLine::choice(const std::string& name, std::string& value,
                         const std::vector<std::string>& choices, const std::string& meaning) {
  std::string list;
  for (const std::string& choice : choices)
    list += (list.empty() ? "" : ", ") + choice;
  auto set = [&value, choices, list](const std::string& text) -> Result<void> {
    for (const std::string& choice : choices) {
      if (choice == text) {
        value = text;
        return {};
      }
    }
    return bad_argument(quote(text) + " is not one of the choices; allowed: " + list);
  };
  add(name, "CHOICE", meaning + ": " + list, value, std::move(set));
}

void CommandLine::duration(const std::string& name, double& value_s, const std::string& meaning) {
  auto set = [&value_s](const std::string& text) -> Result<void> {
    const Result<double> duration_s = parse_duration_s(text, BareNumber::seconds);
    if (duration_s && *duration_s >= 0) {
      value_s = *duration_s;
      return {};
    }
    return bad_argument(
        (duration_s ? quote(text) + " is out of range" : duration_s.error().context) +
        "; allowed: a time (" + std::string(duration_units) + "; s without unit) of 0 s or more");
  };
  add(name, "TIME", meaning, exact_text(value_s) + " s", std::move(set));
}

void CommandLine::flag(const std::string& name, bool& value, const std::string& meaning) {
  add(name, "", meaning, "", [&value](const std::string& text) -> Result<void> {
    const Result<bool> given = parse_flag(text);
    if (!given)
      return bad_argument(given.error().context);
    value = *given;
    return {};
  });
}

Result<std::string> CommandLine::State::split(int argc, const char* const* argv) {
  const std::span<const char* const> all(argv, argc > 0 ? static_cast<std::size_t>(argc) : 0);
  const auto args = all.subspan(all.empty() ? 0 : 1);
  if (const auto incomplete = argument_with_nothing_after_equals(args))
    return bad_argument(*incomplete + ": the value is missing");
  if (!all.empty())
    app.name(std::filesystem::path(all.front()).filename().string());
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend())); // CLI11 wants them reversed
    return std::string();
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::CallForVersion& version) {
    return std::string(version.what()) + "\n";
  } catch (const CLI::ExtrasError&) {
    return bad_argument(unknown_argument());
  } catch (const CLI::ArgumentMismatch& problem) {
    const std::string text = problem.what(); // "--seed: 1 required N missing"
    return bad_argument(text.substr(0, text.find(':')) + ": the value is missing");
  } catch (const CLI::Error& problem) {
    return bad_argument(problem.what());
  }
}

std::string CommandLine::State::unknown_argument() const {
  std::vector<std::string> unknown = app.remaining();
  if (unknown.size() > 1)
    std::erase(unknown, "--"); // it only ends the options
  const std::string& argument = unknown.front();
  if (!argument.starts_with('-'))
    return "unexpected argument " + quote(argument) + "; --help shows the options";
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames())
      names.push_back("--" + name);
  const std::string meant = nearest_name(argument.substr(0, argument.find('=')), names);
  return "unknown option " + quote(argument) +
         (meant.empty() ? "; --help shows the options" : "; did you mean " + quote(meant) + "?");
}

Result<RunOptions> CommandLine::State::load_file(const Environment& environment) const {
  auto given = text_of(*config_file);
  if (!given)
    return given.error();
  if (const auto variable = environment.find(config_file_variable);
      !*given && variable != environment.end())
    *given = variable->second;
  if (!*given)
    return defaults;
  if ((*given)->empty())
    return bad_argument("the name of the configuration file is empty");
  return load_yaml(**given, defaults);
}

Result<RunOptions> CommandLine::State::apply_run_options(RunOptions options) const {
  std::vector<Setting> settings;
  for (const auto& [key, option] : run_options) {
    auto text = text_of(*option);
    if (!text)
      return text.error();
    if (*text)
      settings.push_back(
          {key, RawValue{.text = **text, .bare_number = BareNumber::seconds}, key->option});
  }
  return apply_settings(std::move(options), settings);
}

Result<void> CommandLine::State::apply_own_options() const {
  for (const auto& [option, set] : own_options) {
    const auto text = text_of(*option);
    if (!text)
      return text.error();
    if (!*text)
      continue;
    if (Result<void> done = set(**text); !done)
      return Error{done.error().code, option->get_name() + ": " + done.error().context};
  }
  return {};
}

Result<Invocation> CommandLine::parse(int argc, const char* const* argv,
                                      const Environment& environment) {
  auto answer = state_->split(argc, argv);
  if (!answer)
    return answer.error();
  if (!answer->empty())
    return Invocation{state_->defaults, *answer};
  auto options = state_->load_file(environment);
  if (options)
    options = load_environment(environment, *options);
  if (options)
    options = state_->apply_run_options(*options);
  if (!options)
    return options.error();
  if (Result<void> done = check_options(*options); !done)
    return done.error();
  if (Result<void> done = state_->apply_own_options(); !done)
    return done.error();
  return Invocation{*options, ""};
}

int run_main(int argc, char** argv, std::string_view program_description,
             const std::function<void(CommandLine&)>& declare,
             const std::function<int(const RunOptions&)>& body) {
  const char* program = argc > 0 && argv[0] != nullptr ? argv[0] : "stos";
  for (const char* c = program; *c != '\0'; ++c)
    if (*c == '/' && c[1] != '\0')
      program = c + 1;
  open_standard_descriptors();
  Interruption::allow();
  explain_uncaught_exceptions();
  int exit_code = exit_success;
  try {
    CommandLine command_line(program_description);
    declare(command_line);
    const Result<Invocation> invocation = command_line.parse(argc, argv, process_environment());
    if (!invocation) {
      std::cerr << program << ": error: " << invocation.error().context << std::endl;
      return exit_bad_usage;
    }
    if (invocation->answer.empty()) {
      const OptionsOfMain defaults(invocation->options);
      exit_code = body(invocation->options);
    } else {
      std::cout << invocation->answer;
    }
  } catch (...) {
    exit_code = explain_exception(program);
  }
  return finish_standard_output(program, exit_code);
}

int run_main(int argc, char** argv, std::string_view program_description,
             const std::function<int(const RunOptions&)>& body) {
  return run_main(
      argc, argv, program_description, [](CommandLine&) {}, body);
}

} // namespace stos
