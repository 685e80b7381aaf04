#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stos {

/// A number, from 0 on, that names one of several things of a kind. Each kind derives from it, so
/// that numbers of two kinds cannot be mixed up. It costs what a bare `Number` costs.
/// @pre what it is made of fits into a `Number`
template <class Kind, class Number = std::uint16_t>
class Index {
public:
  constexpr Index() = default;
  constexpr explicit Index(std::size_t number) : number_(static_cast<Number>(number)) {}

  [[nodiscard]] constexpr std::size_t number() const { return number_; }

  friend constexpr bool operator==(Kind a, Kind b) { return a.number() == b.number(); }
  friend constexpr auto operator<=>(Kind a, Kind b) { return a.number() <=> b.number(); }

private:
  Number number_ = 0;
};

/// All of `Kind` from `first` up to, and without, `end`, for a loop.
template <class Kind>
class Indices {
public:
  constexpr explicit Indices(std::size_t end) : end_(end) {}
  constexpr Indices(Kind first, std::size_t end) : first_(first.number()), end_(end) {}

  class Iterator {
  public:
    constexpr explicit Iterator(std::size_t number) : number_(number) {}
    constexpr Kind operator*() const { return Kind(number_); }
    constexpr Iterator& operator++() {
      ++number_;
      return *this;
    }
    friend constexpr bool operator==(Iterator, Iterator) = default;

  private:
    std::size_t number_;
  };
  [[nodiscard]] constexpr Iterator begin() const { return Iterator(first_); }
  [[nodiscard]] constexpr Iterator end() const { return Iterator(end_); }

private:
  std::size_t first_ = 0;
  std::size_t end_;
};

/// A std::vector that holds one `T` for each of `Kind`, and takes no other number.
template <class Kind, class T>
class VectorBy : public std::vector<T> {
public:
  using std::vector<T>::vector;

  [[nodiscard]] decltype(auto) operator[](Kind of) {
    return std::vector<T>::operator[](of.number());
  }
  [[nodiscard]] decltype(auto) operator[](Kind of) const {
    return std::vector<T>::operator[](of.number());
  }
  [[nodiscard]] Indices<Kind> indices() const { return Indices<Kind>(this->size()); }
};

} // namespace stos
