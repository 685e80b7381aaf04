#include "libstos/cluster/wire/frame.hpp"

#include "libstos/base/random.hpp"
#include "support/numbers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

using namespace stos;
using namespace stos::test;
using stos::detail::FrameHeader;
using stos::detail::NodeReport;
using stos::detail::read_header;
using stos::detail::Standing;
using stos::detail::write_header;

namespace {

std::vector<std::byte> bytes_of(const FrameHeader& header) {
  BytesWriter out;
  write_header(header, out);
  return out.take();
}

bool same(const FrameHeader& a, const FrameHeader& b) {
  return a.number == b.number && a.phase == b.phase && a.acknowledged == b.acknowledged &&
         a.clock == b.clock && a.wanted == b.wanted && a.end_time == b.end_time &&
         a.standing == b.standing && a.report == b.report && a.earliest == b.earliest;
}

bool can_be_read(std::span<const std::byte> bytes, std::size_t nodes) {
  BytesReader in(bytes);
  static_cast<void>(read_header(in, nodes));
  return in.ok();
}

double any_time(RandomStream& random) {
  switch (random.below(4)) {
    case 0: return -std::numeric_limits<double>::infinity();
    case 1: return std::numeric_limits<double>::infinity();
    default: return random.uniform(-10, 1e6);
  }
}

std::uint64_t any_count(RandomStream& random) { return random() >> random.below(64); }

FrameHeader any_header(RandomStream& random, std::size_t nodes) {
  FrameHeader header;
  header.number = any_count(random);
  header.phase = any_count(random);
  header.acknowledged = any_count(random);
  for (auto* time : {&header.clock, &header.wanted, &header.end_time, &header.earliest})
    if (random.bernoulli(0.5))
      *time = any_time(random);
  if (random.bernoulli(0.5)) {
    Standing& standing = header.standing.emplace();
    standing.next = {any_time(random), any_time(random), static_cast<std::uint32_t>(random())};
    for (std::size_t i = 0; i < nodes; ++i) {
      Standing::Way& way = standing.ways.emplace_back();
      way.sent = any_count(random);
      way.acknowledged = std::min(way.sent, any_count(random));
      way.received = any_count(random);
      if (way.acknowledged < way.sent)
        way.earliest = any_time(random);
    }
  }
  if (random.bernoulli(0.5)) {
    NodeReport& report = header.report.emplace();
    report.least_time = any_time(random);
    report.highest_known = any_time(random);
    report.withdrawn = random.bernoulli(0.5);
    report.quiet = random.bernoulli(0.5);
    report.more_moves = random.bernoulli(0.5);
    report.wanted.cut = random.bernoulli(0.5);
    report.wanted.divide = random.bernoulli(0.5);
    report.wanted.weigh = random.bernoulli(0.5);
    if (report.quiet)
      report.latest = any_time(random);
    report.next = {any_time(random), any_time(random), static_cast<std::uint32_t>(random())};
    report.stopped_for = any_count(random);
    report.seen.resize(random.below(20), std::byte{0x5e});
    for (auto* counts : {&report.sent, &report.received})
      for (std::size_t i = 0; i < nodes; ++i)
        counts->push_back(any_count(random));
  }
  return header;
}

constexpr std::uint64_t seed = 20'26;

} // namespace

TEST_CASE("a frame's header can be read again, and what follows it is left") {
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int round = 0; round < 3'000; ++round) {
    const std::size_t nodes = 2 + random.below(7);
    const FrameHeader header = any_header(random, nodes);
    std::vector<std::byte> bytes = bytes_of(header);
    const std::size_t records = header.earliest ? random.below(4) : 0;
    bytes.resize(bytes.size() + records, std::byte{0x2a});
    BytesReader in(bytes);
    const FrameHeader again = read_header(in, nodes);
    REQUIRE(in.ok());
    REQUIRE(same(header, again));
    REQUIRE(in.remaining() == records);
  }
}

TEST_CASE("a frame that says nothing takes four bytes") {
  FrameHeader header;
  header.number = 1;
  CHECK(bytes_of(header).size() == 4);
}

TEST_CASE("a header that was cut off is refused, wherever that was") {
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int round = 0; round < 300; ++round) {
    const std::size_t nodes = 2 + random.below(7);
    const std::vector<std::byte> bytes = bytes_of(any_header(random, nodes));
    for (std::size_t size = 0; size < bytes.size(); ++size)
      REQUIRE_FALSE(can_be_read(std::span(bytes).first(size), nodes));
  }
}

TEST_CASE("bytes behind a header that announces no records are refused") {
  FrameHeader header;
  header.clock = 3;
  std::vector<std::byte> bytes = bytes_of(header);
  CHECK(can_be_read(bytes, 2));
  bytes.push_back(std::byte{0});
  CHECK_FALSE(can_be_read(bytes, 2));
}

TEST_CASE("a header with a time that is no number is refused") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto time : {&FrameHeader::clock, &FrameHeader::wanted, &FrameHeader::end_time,
                          &FrameHeader::earliest}) {
    FrameHeader header;
    header.*time = 1.0;
    CHECK(can_be_read(bytes_of(header), 2));
    header.*time = nan;
    CHECK_FALSE(can_be_read(bytes_of(header), 2));
  }
  for (const int field : {0, 1, 2}) {
    FrameHeader header;
    NodeReport& report = header.report.emplace();
    report.sent = report.received = {0, 0};
    CHECK(can_be_read(bytes_of(header), 2));
    (field == 0   ? report.least_time
     : field == 1 ? report.next.absorption
                  : report.next.emission) = nan;
    CHECK_FALSE(can_be_read(bytes_of(header), 2));
  }
  for (const int field : {0, 1, 2}) {
    FrameHeader header;
    Standing& standing = header.standing.emplace();
    standing.ways.resize(2);
    standing.ways[1_node].sent = 1;
    CHECK(can_be_read(bytes_of(header), 2));
    (field == 0   ? standing.next.absorption
     : field == 1 ? standing.next.emission
                  : standing.ways[1_node].earliest) = nan;
    CHECK_FALSE(can_be_read(bytes_of(header), 2));
  }
}

TEST_CASE("a standing that knows of more than was sent, or of fewer nodes, is refused") {
  FrameHeader header;
  header.standing.emplace().ways.resize(2);
  CHECK(can_be_read(bytes_of(header), 2));
  CHECK_FALSE(can_be_read(bytes_of(header), 3));
  header.standing->ways[0_node].acknowledged = 1;
  CHECK_FALSE(can_be_read(bytes_of(header), 2));
}

TEST_CASE("a header with flags that nobody knows is refused") {
  std::vector<std::byte> bytes = bytes_of({});
  constexpr std::size_t flags = 3;
  for (const std::uint8_t unknown : {0x40, 0x80}) {
    bytes[flags] = std::byte{unknown};
    CHECK_FALSE(can_be_read(bytes, 2));
  }
}

TEST_CASE("a report of a cluster of another size is refused") {
  FrameHeader header;
  NodeReport& report = header.report.emplace();
  report.sent = report.received = {1, 2, 3};
  CHECK(can_be_read(bytes_of(header), 3));
  CHECK_FALSE(can_be_read(bytes_of(header), 2));
  CHECK_FALSE(can_be_read(bytes_of(header), 4));
  CHECK_FALSE(can_be_read(bytes_of(header), std::size_t{1} << 60));
}

TEST_CASE("garbage in place of a header is read to its end or refused") {
  INFO("seed " << seed);
  RandomStream random(seed);
  std::size_t refused = 0;
  constexpr std::size_t rounds = 20'000;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<std::byte> bytes(random.below(80));
    for (std::byte& byte : bytes)
      byte = static_cast<std::byte>(random.below(random.bernoulli(0.5) ? 32 : 256));
    BytesReader in(bytes);
    const FrameHeader header = read_header(in, 3);
    refused += in.ok() ? 0 : 1;
    if (in.ok())
      REQUIRE((header.earliest || in.remaining() == 0));
  }
  CHECK(refused > rounds / 2);
  CHECK(refused < rounds);
}
