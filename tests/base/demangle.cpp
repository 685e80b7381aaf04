#include "libstos/base/demangle.hpp"

#include "libstos/base/digest.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <typeinfo>

using namespace stos;

TEST_CASE("a type is named as its author wrote it") {
  CHECK(detail::demangle(typeid(EventDigest).name()) == "stos::EventDigest");
  CHECK(detail::demangle(typeid(int).name()) == "int");
}

TEST_CASE("a text that is no mangled name stays as it is") {
  CHECK(detail::demangle("not a type!") == "not a type!");
}

namespace {

template <class... T>
struct Box {
  auto lambda(int) const {
    return [](const std::string&) { return [](int) {}; };
  }
};

template <class T>
std::string short_name_of(const T&) {
  return detail::short_name(typeid(T).name());
}

} // namespace

TEST_CASE("a lambda is named by the function that it is in") {
  const auto lambda = Box<int>().lambda(1);
  CHECK_THAT(short_name_of(lambda), Catch::StartsWith("Box<int>::lambda()::") &&
                                        Catch::Contains("lambda") && !Catch::Contains("string"));
  const std::string inner = short_name_of(lambda("a"));
  CHECK_THAT(inner, Catch::StartsWith(short_name_of(lambda) + "::"));
  CHECK_THAT(inner, !Catch::Contains("operator"));
  CHECK(short_name_of(Box<std::string, std::string>()) == "Box<...>");
  CHECK(short_name_of(Box<int>()) == "Box<int>");
  CHECK(detail::short_name("_ZN3Box6lambdaB5cxx11Ev") == "Box::lambda()");
}

TEST_CASE("a short name is made of any text") {
  for (const char* text : {"", "<", "(((", "a<b", "operator<(", "))>>", "f(a"})
    CHECK(detail::short_name(text).size() <= std::string(text).size() + 5);
}
