// What no node sends: each of these frames ends the run of its receiver with an error that names
// the sender, and none of them harms it. The fuzz targets look for more of that kind.

#include "fuzz/two_links.hpp"
#include "libstos/cluster/wire/frame.hpp"
#include "libstos/cluster/wire/parcel_writer.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <functional>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::detail;
using namespace stos::fuzz;

namespace {

/// The node in the middle, and what node 1 sends it.
class Victim {
public:
  /// Sends a frame of which `change` says what is special.
  void receive(const std::function<void(FrameHeader&, BytesWriter&)>& change) {
    receive_from(0, change, false);
  }

  /// The same from any node, and what comes next may come before the domains have done anything.
  void receive_from(std::size_t node, const std::function<void(FrameHeader&, BytesWriter&)>& change,
                    bool in_a_hurry) {
    FrameHeader header;
    header.number = ++frames_[node];
    BytesWriter records;
    change(header, records);
    BytesWriter frame;
    write_header(header, frame);
    frame.raw(records.bytes());
    node_.receive(node, frame.take(), in_a_hurry);
  }

  /// Both others promise that nothing comes from before `clock`.
  void hear_clocks(double clock, bool in_a_hurry = false) {
    for (const std::size_t node : {0, 2})
      receive_from(
          node, [clock](FrameHeader& header, BytesWriter&) { header.clock = clock; }, in_a_hurry);
  }

  /// Both others report that they are quiet, and that the next event is at `next`.
  void hear_quiet_reports(std::uint64_t round, double next, bool in_a_hurry = false) {
    for (const std::size_t node : {0, 2})
      receive_from(
          node,
          [round, next](FrameHeader& header, BytesWriter&) {
            header.phase = 2 * round - 1;
            NodeReport& report = header.report.emplace();
            report.quiet = true;
            report.next = {next, next, 0};
            report.sent.resize(nodes);
            report.received.resize(nodes);
            report.received[NodeIndex(own_node)] = 2; // when the run ends, and what it waits for
          },
          in_a_hurry);
  }

  /// In the first round it still has something to say; it would be quiet in the second one.
  void become_quiet() {
    hear_quiet_reports(1, 1);
    node_.pass_time();
  }

  [[nodiscard]] std::string error() const {
    if (!node_.error())
      return "";
    CHECK(node_.error()->code == Errc::bad_message);
    return node_.error()->context;
  }
  [[nodiscard]] std::string failure() const {
    return node_.failure() ? node_.failure()->error.context : "";
  }

private:
  LoneNode node_{own_node};
  std::array<std::uint64_t, nodes> frames_{};
};

std::string error_of(const std::function<void(FrameHeader&, BytesWriter&)>& change) {
  Victim victim;
  victim.receive(change);
  return victim.error();
}

template <class Sent, class Receiver>
std::uint64_t code_of() {
  return hash_text(typeid(TypedClosure<Portability::portable, Receiver, Sent>).name());
}

/// A lambda of code number 0, the first one of this link, on `channel`, emitted at `time`.
template <class Sent, class Receiver>
void write_lambda(std::uint64_t channel, double time, BytesWriter& out) {
  out.u8(static_cast<std::uint8_t>(RecordKind::lambda) | RecordFlags::new_code);
  out.varint(channel);
  out.f64(time);
  out.varint(0);
  out.u64(code_of<Sent, Receiver>());
}

} // namespace

TEST_CASE("a frame that makes sense is no error") {
  CHECK(error_of([](FrameHeader&, BytesWriter&) {}).empty());
  CHECK(error_of([](FrameHeader& header, BytesWriter& records) {
          header.earliest = 0;
          write_lambda<Hello, Talker<0>>(1, 0.5, records);
        }).empty());
}

TEST_CASE("a frame out of order is refused") {
  CHECK(error_of([](FrameHeader& header, BytesWriter&) { header.number = 3; }) ==
        "node 1 sent frame 3, wanted frame 1");
}

TEST_CASE("a record that makes no sense is refused, also as the last one of its frame") {
  CHECK(error_of([](FrameHeader& header, BytesWriter& records) {
          header.earliest = 0;
          records.u8(static_cast<std::uint8_t>(RecordKind::close));
          records.varint(1000);
        }) == "node 1 sent a record that names channel 1000, which is not open");
}

TEST_CASE("frames that were not sent cannot be acknowledged") {
  CHECK(error_of([](FrameHeader& header, BytesWriter&) {
          header.acknowledged = 1'000'000;
        }).find("node 1 acknowledges 1000000 frames of ") == 0);
}

TEST_CASE("a phase that nobody can have reached is refused instead of waited for") {
  CHECK(error_of([](FrameHeader& header, BytesWriter&) {
          header.phase = 1'000;
        }).find("node 1 is in phase 1000, where no node gets beyond phase ") == 0);
}

TEST_CASE("a clock that goes back is refused, and what comes from before a clock") {
  const auto after_clock = [](const std::function<void(FrameHeader&, BytesWriter&)>& change) {
    Victim victim;
    victim.receive([](FrameHeader& header, BytesWriter&) { header.clock = 4; });
    CHECK(victim.error().empty());
    victim.receive(change);
    return victim.error();
  };
  CHECK(after_clock([](FrameHeader& header, BytesWriter&) {
          header.clock = 3.5;
        }).find("node 1 sent a clock of 3.5") == 0);
  CHECK(after_clock([](FrameHeader& header, BytesWriter& records) {
          header.earliest = 3;
          write_lambda<Hello, Talker<0>>(1, 5, records);
        }).find("node 1 sent something of 3") == 0);
  CHECK(after_clock([](FrameHeader& header, BytesWriter& records) {
          header.earliest = 4;
          write_lambda<Hello, Talker<0>>(1, 3, records);
        }).find("node 1 sent a record that was emitted at 3") == 0);
}

TEST_CASE("nobody can have received more lambdas than were sent") {
  const auto hear_received = [](const std::vector<std::uint64_t>& counts) {
    Victim victim;
    for (const std::uint64_t count : counts)
      victim.receive([count](FrameHeader& header, BytesWriter&) {
        Standing& standing = header.standing.emplace();
        standing.ways.resize(nodes);
        standing.ways[NodeIndex(own_node)].received = count;
      });
    return victim.error();
  };
  CHECK(hear_received({0, 0}).empty());
  CHECK(hear_received({1}) == "node 1 has received 1 frames with lambdas, of 0 that were sent");
}

TEST_CASE("a turn onto the worldline of the last turn is refused where there was none") {
  CHECK(error_of([](FrameHeader& header, BytesWriter& records) {
          header.earliest = 0;
          records.u8(static_cast<std::uint8_t>(RecordKind::turned) | RecordFlags::same);
          records.varint(1);
        }) == "node 1 sent a record that is a turn that cannot be read");
}

TEST_CASE("lambdas on one channel come in the order of their emission") {
  CHECK(error_of([](FrameHeader& header, BytesWriter& records) {
          header.earliest = 0;
          write_lambda<Hello, Talker<0>>(1, 2, records);
          records.u8(static_cast<std::uint8_t>(RecordKind::lambda));
          records.varint(1);
          records.f64(1);
          records.varint(0);
        }).find("node 1 sent a record that was emitted at 1") == 0);
}

TEST_CASE("a lambda for agents of another class fails the run") {
  Victim victim;
  victim.receive([](FrameHeader& header, BytesWriter& records) {
    header.earliest = 0;
    write_lambda<Number, Talker<2>>(1, 0.5, records);
    records.u32(7);
  });
  CHECK(victim.error().empty());
  CHECK(victim.failure().find("is for agents of another class") != std::string::npos);
}

TEST_CASE("a lambda from a place where its source cannot be fails the run of who has gone on") {
  Victim victim;
  victim.hear_clocks(6);
  CHECK(victim.error().empty());
  victim.receive([](FrameHeader& header, BytesWriter& records) {
    header.earliest = 6;
    const int flags = RecordFlags::new_code | RecordFlags::whole_point;
    records.u8(static_cast<std::uint8_t>(static_cast<int>(RecordKind::lambda) | flags));
    records.varint(1);
    for (const double coordinate : {6.0, 2.0, 0.0, 0.0}) // where the receiver is
      records.f64(coordinate);
    records.varint(0);
    records.u64(code_of<Hello, Talker<0>>());
  });
  CHECK(victim.error().empty());
  CHECK(victim.failure().find("would be absorbed at 6.") != std::string::npos);
}

TEST_CASE("reports of quiet nodes that do not count what they have sent are refused") {
  Victim victim;
  victim.become_quiet();
  victim.hear_clocks(6, true);
  victim.hear_quiet_reports(2, 1, true);
  CHECK(victim.error() == "the nodes' reports say that nothing is under way, but something has "
                          "arrived that none of them has counted");
}

TEST_CASE("reports by which time would stand still are refused") {
  Victim victim;
  victim.become_quiet();
  victim.hear_quiet_reports(2, 0.5);
  CHECK(victim.error().empty());
  victim.hear_quiet_reports(3, 0.5);
  CHECK(victim.error().find("the nodes' reports say that the next event is at 0.5") == 0);
}
