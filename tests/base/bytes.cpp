#include "libstos/base/bytes.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <limits>
#include <string>
#include <vector>

using namespace stos;

namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values)
    bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// A sequence of values that a seed chooses: written, read and compared.
class Values {
public:
  explicit Values(std::uint64_t seed) : random_(seed) {
    for (std::uint32_t i = random_.below(30); i > 0; --i)
      kinds_.push_back(random_.below(7));
    seed_ = random_();
  }

  void write(BytesWriter& writer) {
    RandomStream values(seed_);
    for (const std::uint32_t kind : kinds_) {
      const std::uint64_t value = draw(values);
      switch (kind) {
        case 0: writer.u8(static_cast<std::uint8_t>(value)); break;
        case 1: writer.u16(static_cast<std::uint16_t>(value)); break;
        case 2: writer.u32(static_cast<std::uint32_t>(value)); break;
        case 3: writer.u64(value); break;
        case 4: writer.f64(std::bit_cast<double>(value)); break;
        case 5: writer.varint(value); break;
        case 6: writer.text(text(value)); break;
      }
    }
  }

  /// Whether all values come back as they were.
  bool read(BytesReader& reader) {
    RandomStream values(seed_);
    bool same = true;
    for (const std::uint32_t kind : kinds_) {
      const std::uint64_t value = draw(values);
      switch (kind) {
        case 0: same &= reader.u8() == static_cast<std::uint8_t>(value); break;
        case 1: same &= reader.u16() == static_cast<std::uint16_t>(value); break;
        case 2: same &= reader.u32() == static_cast<std::uint32_t>(value); break;
        case 3: same &= reader.u64() == value; break;
        case 4: same &= std::bit_cast<std::uint64_t>(reader.f64()) == value; break;
        case 5: same &= reader.varint() == value; break;
        case 6: same &= reader.text() == text(value); break;
      }
    }
    return same;
  }

private:
  static std::uint64_t draw(RandomStream& values) { return values() >> values.below(64); }
  static std::string text(std::uint64_t value) {
    return std::string(value % 300, static_cast<char>(value));
  }

  RandomStream random_;
  std::vector<std::uint32_t> kinds_;
  std::uint64_t seed_ = 0;
};

} // namespace

TEST_CASE("words are little endian, texts come behind their size") {
  BytesWriter writer;
  writer.u8(0x01);
  writer.u16(0x0302);
  writer.u32(0x07060504);
  writer.u64(0x0f0e0d0c0b0a0908);
  writer.text("ab");
  CHECK(writer.take() ==
        bytes_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 2, 'a', 'b'}));
}

TEST_CASE("a varint takes a byte for each seven bits") {
  const auto encoded = [](std::uint64_t value) {
    BytesWriter writer;
    writer.varint(value);
    return writer.take();
  };
  CHECK(encoded(0) == bytes_of({0}));
  CHECK(encoded(127) == bytes_of({0x7f}));
  CHECK(encoded(128) == bytes_of({0x80, 0x01}));
  CHECK(encoded(300) == bytes_of({0xac, 0x02}));
  for (int bits = 0; bits < 64; ++bits) {
    const std::uint64_t value = std::uint64_t{1} << bits;
    for (const std::uint64_t near : {value - 1, value, value + 1, ~value}) {
      const std::vector<std::byte> bytes = encoded(near);
      BytesReader reader(bytes);
      CHECK(reader.varint() == near);
      CHECK(reader.at_end());
    }
  }
  CHECK(encoded(~std::uint64_t{0}).size() == 10);
}

TEST_CASE("a varint that is too long or too large is refused") {
  const auto refused = [](std::vector<std::byte> bytes) {
    bytes.resize(20);
    BytesReader reader(bytes);
    return reader.varint() == 0 && !reader.ok();
  };
  const auto nines = [](int last) {
    std::vector<std::byte> bytes(9, std::byte{0xff});
    bytes.push_back(static_cast<std::byte>(last));
    return bytes;
  };
  CHECK_FALSE(refused(nines(0x01))); // the largest one
  CHECK(refused(nines(0x02)));       // bit 64
  CHECK(refused(nines(0x7f)));
  CHECK(refused(nines(0x81))); // an eleventh byte
}

TEST_CASE("doubles keep their bits") {
  BytesWriter writer;
  using Limits = std::numeric_limits<double>;
  const double nan = std::bit_cast<double>(0x7ff0dead0000beefu);
  const std::vector<double> values = {
      0.0, -0.0, 0.1, -Limits::infinity(), nan, Limits::denorm_min()};
  for (const double x : values)
    writer.f64(x);
  BytesReader reader(writer.bytes());
  for (const double x : values)
    CHECK(std::bit_cast<std::uint64_t>(reader.f64()) == std::bit_cast<std::uint64_t>(x));
  CHECK(reader.at_end());
}

TEST_CASE("what was written is read, and every piece of it that is cut off is missed") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    Values values(seed);
    BytesWriter writer;
    values.write(writer);
    const std::vector<std::byte> bytes = writer.take();
    BytesReader whole(bytes);
    REQUIRE(values.read(whole));
    REQUIRE(whole.at_end());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const std::vector<std::byte> part(bytes.begin(),
                                        bytes.begin() + static_cast<std::ptrdiff_t>(size));
      BytesReader reader(part);
      static_cast<void>(values.read(reader));
      REQUIRE_FALSE(reader.ok());
      REQUIRE_FALSE(reader.at_end());
    }
  }
}

TEST_CASE("after a failure all reads give zero or nothing") {
  const std::vector<std::byte> bytes(7, std::byte{0x55});
  BytesReader reader(bytes);
  CHECK(reader.u32() == 0x55555555);
  CHECK(reader.u32() == 0); // three bytes are left
  CHECK_FALSE(reader.ok());
  CHECK(reader.u8() == 0);
  CHECK(reader.varint() == 0);
  CHECK(reader.f64() == 0);
  CHECK(reader.text().empty());
  CHECK(reader.raw(1).empty());
  CHECK(reader.count(1) == 0);
  int kept = 3;
  CHECK_FALSE(reader.copy(&kept, sizeof kept));
  CHECK(kept == 3);
  CHECK_FALSE(reader.copy(&kept, 0));
  CHECK(reader.remaining() == 0);
  CHECK_FALSE(reader.at_end());
}

TEST_CASE("a size beyond the rest of the input is refused before anything is allocated") {
  BytesWriter writer;
  writer.varint(~std::uint64_t{0});
  writer.raw(bytes_of({1, 2, 3, 4, 5, 6, 7, 8}));
  BytesReader text(writer.bytes());
  CHECK(text.text().empty());
  CHECK_FALSE(text.ok());

  const auto count_of = [](std::uint64_t size, std::size_t bytes_each) {
    BytesWriter out;
    out.varint(size);
    out.u64(0);
    BytesReader in(out.bytes());
    const std::size_t count = in.count(bytes_each);
    return in.ok() ? count : 999;
  };
  CHECK(count_of(8, 1) == 8);
  CHECK(count_of(9, 1) == 999);
  CHECK(count_of(2, 4) == 2);
  CHECK(count_of(2, 5) == 999);
  CHECK(count_of(std::uint64_t{1} << 63, 2) == 999); // the product overflows
}

TEST_CASE("random input never makes a reader read beyond it") {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    std::vector<std::byte> bytes(random.below(200));
    for (std::byte& byte : bytes)
      byte = static_cast<std::byte>(random.bernoulli(0.5) ? random.below(256) : random.below(4));
    BytesReader reader(bytes);
    static_cast<void>(Values(seed + 1).read(reader));
    REQUIRE(reader.remaining() <= bytes.size());
  }
}

TEST_CASE("a writer appends to a vector that it borrows") {
  std::vector<std::byte> frame = bytes_of({1, 2});
  {
    BytesWriter writer(frame);
    writer.u8(3);
    CHECK(writer.size() == 1);
    writer.finish();
    CHECK(frame == bytes_of({1, 2, 3}));
    writer.u8(4);
    CHECK(std::vector<std::byte>(writer.bytes().begin(), writer.bytes().end()) == bytes_of({3, 4}));
  }
  CHECK(frame == bytes_of({1, 2, 3, 4}));
  for (int i = 0; i < 1000; ++i)
    BytesWriter(frame).u8(static_cast<std::uint8_t>(i));
  CHECK(frame.size() == 1004);
}

TEST_CASE("a writer begins anew when its bytes are taken") {
  BytesWriter writer;
  writer.fail();
  writer.u8(1);
  CHECK_FALSE(writer.ok());
  CHECK(writer.take() == bytes_of({1}));
  CHECK(writer.ok());
  writer.u8(2);
  CHECK(writer.take() == bytes_of({2}));
  CHECK(writer.take().empty());
}
