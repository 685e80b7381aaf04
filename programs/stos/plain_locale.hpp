#pragma once

#include <locale.h> // uselocale() is POSIX

#include <clocale>

namespace stos::program {

/// While it lives, printf() and its like write numbers as in the C locale on this thread, whatever
/// the process has set.
class PlainLocale {
public:
  PlainLocale() : before_(uselocale(plain())) {}
  ~PlainLocale() { uselocale(before_); }
  PlainLocale(const PlainLocale&) = delete;
  PlainLocale& operator=(const PlainLocale&) = delete;

private:
  static locale_t plain() {
    static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }

  locale_t before_;
};

} // namespace stos::program
