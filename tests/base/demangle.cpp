#include "libstos/base/demangle.hpp"

#include "libstos/base/digest.hpp"

#include <catch2/catch.hpp>

#include <typeinfo>

using namespace stos;

TEST_CASE("a type is named as its author wrote it") {
  CHECK(detail::demangle(typeid(EventDigest).name()) == "stos::EventDigest");
  CHECK(detail::demangle(typeid(int).name()) == "int");
}

TEST_CASE("a text that is no mangled name stays as it is") {
  CHECK(detail::demangle("not a type!") == "not a type!");
}
