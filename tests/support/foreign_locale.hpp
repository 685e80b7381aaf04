#pragma once

#include <locale>
#include <string>

namespace stos::test {

/// While it lives, the program's global locale has a decimal comma and groups digits by points.
class ForeignLocale {
public:
  ForeignLocale() : before_(std::locale::global(std::locale(std::locale(), new Numbers))) {}
  ~ForeignLocale() { std::locale::global(before_); }
  ForeignLocale(const ForeignLocale&) = delete;
  ForeignLocale& operator=(const ForeignLocale&) = delete;

private:
  struct Numbers : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };

  std::locale before_;
};

} // namespace stos::test
