// Writes the corpus of the targets that read what nodes tell each other: what three nodes with the
// world of two_links.hpp really say, cut at several places; and of those that read cuts and stores.
//
// usage: make_corpus FOLDER      (tests/fuzz/corpus)

#include "libstos/cluster/membership/world_fingerprint.hpp"
#include "libstos/cluster/placement/weights.hpp"
#include "libstos/cluster/status/cluster_status.hpp"
#include "libstos/cluster/view/control_group.hpp"
#include "libstos/image/cut_bytes.hpp"
#include "libstos/service/coordination/coordination_table.hpp"
#include "libstos/service/keyed/ask.hpp"
#include "store/log_records.hpp"
#include "tests/fuzz/cut_world.hpp"
#include "tests/fuzz/raft_steps.hpp"
#include "tests/fuzz/two_links.hpp"
#include "tests/keyed/made_up_agents.hpp"
#include "tests/support/made_up_status.hpp"

#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>

using namespace stos;
using namespace stos::fuzz;

namespace {

using Bytes = std::vector<std::byte>;

std::filesystem::path folder;

void keep(const std::string& target, const std::string& name, const Bytes& bytes) {
  const auto path = folder / target / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

/// Three nodes take turns, each coming to rest before the next one. What happens to the node in the
/// middle is written down.
class Recording {
public:
  void run() {
    collect();
    for (int round = 0; round < 2000 && !all_finished(); ++round)
      step(round);
  }

  [[nodiscard]] const std::vector<Bytes>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<Bytes>& frames() const { return frames_; }
  [[nodiscard]] bool all_finished() const {
    return std::all_of(all_.begin(), all_.end(), [](const auto& n) { return n->finished(); });
  }

private:
  void step(int round) {
    bool moved = false;
    for (std::size_t from = 0; from < nodes; ++from)
      for (std::size_t to = 0; to < nodes; ++to)
        if (auto& wire = wires_[from * nodes + to]; !wire.empty()) {
          Bytes frame = std::move(wire.front());
          wire.pop_front();
          if (to == own_node)
            note(from == 0 ? Step::from_first : Step::from_second, frame);
          all_[to]->receive(from, std::move(frame));
          collect();
          moved = true;
        }
    if (moved && round % 7 != 0)
      return;
    note(Step::time_passes, {});
    for (const auto& node : all_)
      node->pass_time();
    collect();
  }

  void note(Step step, const Bytes& frame) {
    BytesWriter out;
    write_step(step, frame, out);
    steps_.push_back(out.take());
    if (!frame.empty())
      frames_.push_back(frame);
  }

  void collect() {
    for (std::size_t from = 0; from < nodes; ++from) {
      STOS_ASSERT(!all_[from]->error(), all_[from]->error()->context);
      for (auto& frame : all_[from]->take_sent())
        wires_[from * nodes + frame.node.number()].push_back(std::move(frame.bytes));
    }
  }

  std::vector<std::unique_ptr<LoneNode>> all_ = [] {
    std::vector<std::unique_ptr<LoneNode>> all;
    for (std::size_t i = 0; i < nodes; ++i)
      all.push_back(std::make_unique<LoneNode>(i));
    return all;
  }();
  std::array<std::deque<Bytes>, nodes * nodes> wires_;
  std::vector<Bytes> steps_;
  std::vector<Bytes> frames_;
};

void keep_gateway(const Recording& recording) {
  Bytes all;
  for (const Bytes& step : recording.steps()) {
    if (all.size() + step.size() > 4096)
      break;
    all.insert(all.end(), step.begin(), step.end());
    const std::size_t steps = static_cast<std::size_t>(&step - recording.steps().data()) + 1;
    if (steps == 1 || steps == 4 || steps == 10 || steps % 20 == 0)
      keep("gateway", "steps-" + std::to_string(steps), all);
  }
}

void keep_frames(const Recording& recording) {
  std::size_t kept = 0;
  BytesWriter parcels;
  for (const Bytes& frame : recording.frames()) {
    BytesReader in(frame);
    const detail::FrameHeader header = detail::read_header(in, nodes);
    BytesWriter bytes;
    bytes.u8(nodes - 1);
    bytes.raw(frame.data(), frame.size() - in.remaining());
    if (kept < 12)
      keep("frame", "header-" + std::to_string(kept++), bytes.take());
    if (header.earliest && parcels.size() + in.remaining() < 4000) {
      const auto records = in.raw(in.remaining());
      write_step(Step::from_first, records, parcels);
      if (const std::size_t size = parcels.size(); size < 500 || (size > 1000 && size < 1500))
        keep("parcels", "records-" + std::to_string(parcels.size()),
             {parcels.bytes().begin(), parcels.bytes().end()});
    }
  }
  keep("parcels", "records-many", parcels.take());
}

void keep_fingerprints() {
  const auto equal = make_world();
  const auto other = make_world();
  {
    const auto scope = other->set_up();
    (new Talker<0>({0, 1, 1, 1}, {}))->begin(3);
  }
  const detail::WorldFingerprint own(equal->world());
  const detail::WorldFingerprint changed(other->world());
  detail::WorldComparison here(own, {"1", "2"});
  detail::WorldComparison there(changed, {"1", "2"});
  BytesWriter all;
  for (int messages = 1; messages <= 3; ++messages) {
    const Bytes from_there = there.message();
    const Bytes from_here = here.message();
    all.u16(static_cast<std::uint16_t>(from_there.size()));
    all.raw(from_there);
    keep("fingerprint", "messages-" + std::to_string(messages),
         {all.bytes().begin(), all.bytes().end()});
    const std::vector<detail::WorldComparison::Message> heard{from_here, from_there};
    if (!here.take(heard) || !there.take(heard))
      break;
  }
}

void keep_cluster_statuses() {
  ClusterStatus cluster;
  cluster.cluster = "stos";
  cluster.told_by = "mars";
  cluster.nodes_wanted = 2;
  cluster.nodes = {{"earth", {"10.0.0.1", 4242}, false, 0.5}, {"mars", {"::1", 1}, true, 12}};
  cluster.statuses = {test::made_up_status("earth"), test::made_up_status("mars")};
  cluster.alerts = {{AlertType::credit_exhausted, "planets", "mars", "earth", 31, "waits"}};
  cluster.log = {{1.7e9, "earth", "node refused node=venus"}};
  BytesWriter told;
  told.u8(0);
  write_cluster_status(cluster, told);
  keep("cluster_status", "cluster", told.take());
  BytesWriter news;
  news.u8(1);
  write_news({"mars", {test::made_up_status("mars")}, cluster.log}, news);
  keep("cluster_status", "news", news.take());
}

void keep_weights() {
  BytesWriter out;
  out.u8(128);
  for (std::uint64_t node = 0; node < 2; ++node) {
    NodeWeights weights;
    weights.busy_s = 1 + static_cast<double>(node);
    for (std::uint64_t i = 1; i <= 8; ++i) {
      const AgentId id{10 * node + i};
      weights.agents.push_back({id, static_cast<std::uint32_t>(100 * i)});
      weights.traffic.push_back({id, AgentId{10 * (1 - node) + i}, 7});
    }
    weights.new_here = {AgentId{10 * node + 1}};
    out.raw(encode(weights));
  }
  keep("weights", "two-nodes", out.take());
}

void keep_coordination() {
  using namespace coordination;
  const SessionId session{5};
  const auto request = [&](Request::What what, std::uint64_t sequence, const std::string& name) {
    Request wanted;
    wanted.what = what;
    wanted.session = session;
    wanted.sequence = sequence;
    wanted.name = name;
    wanted.lease_ms = 10'000;
    return wanted;
  };
  const std::vector<Request> requests{
      request(Request::What::open, 0, "client"),  request(Request::What::acquire, 1, "lock"),
      request(Request::What::acquire, 2, "lock"), request(Request::What::put, 3, "key"),
      request(Request::What::remove, 4, "key"),   request(Request::What::propose, 5, "key")};
  CoordinationTable table(1);
  BytesWriter entries;
  entries.u8(2);
  entries.u16(0); // no snapshot
  for (std::size_t i = 0; i < requests.size(); ++i) {
    BytesWriter told;
    told.u8(0);
    write(requests[i], told);
    keep("coordination", "request-" + std::to_string(i), told.take());
    const auto entry =
        CoordinationTable::entry(1'000 * i, CoordinationTable::wish({1, i}, requests[i]));
    table.apply(entry);
    entries.u16(static_cast<std::uint16_t>(entry.size()));
    entries.raw(entry);
  }
  keep("coordination", "entries", entries.take());
  for (const auto& [number, answer] : table.take_results()) {
    BytesWriter told;
    told.u8(1);
    write(answer, told);
    keep("coordination", "answer-" + std::to_string(number), told.take());
  }
  BytesWriter from_snapshot;
  from_snapshot.u8(2);
  const std::vector<std::byte> snapshot = table.snapshot();
  from_snapshot.u16(static_cast<std::uint16_t>(snapshot.size()));
  from_snapshot.raw(snapshot);
  keep("coordination", "snapshot", from_snapshot.take());
}

/// Two agents of one group in a transaction, and an outsider that never confirms.
void keep_agent_group() {
  using namespace keyed;
  AgentTypes types;
  types.add<test::Ledger>();
  AgentGroup group(types);
  const auto step = [](const char* key) {
    return command_call<test::Ledger>("q", key, test::Add{1});
  };
  const TransactionId id = transaction_id({step("a")}, 7);
  const auto stamp = [](std::uint64_t sequence) { return Stamp{{{1'000}, 1}, sequence, 1}; };
  const std::vector<TransactionOrder> orders{Prepare{id, true, {step("a")}},
                                             Prepare{id, false, {step("b"), step("b")}},
                                             Commit{id, {step("a").id}, {"file"}}};
  std::vector<Bytes> items{
      AgentGroup::adopt_item({1, Range::all(), {}, {7}}, 0, true, AgentGroup::empty_piece()),
      AgentGroup::command_item(stamp(1), Activation::allowed, step("a"))};
  for (std::size_t i = 0; i < orders.size(); ++i) {
    BytesWriter told;
    told.u8(0);
    write(orders[i], told);
    keep("agent_group", "order-" + std::to_string(i), told.take());
    items.push_back(AgentGroup::transact_item(stamp(i + 2), Activation::allowed, orders[i]));
  }
  const std::size_t until_snapshot = items.size();
  items.push_back(AgentGroup::tick_item(std::vector<Id>{}));
  items.push_back(AgentGroup::decide_item(id));
  items.push_back(AgentGroup::finish_item(id, step("b").id, true));
  items.push_back(AgentGroup::confirm_item(id, "file"));
  items.push_back(AgentGroup::remove_quota_item("q"));
  items.push_back(AgentGroup::seal_item({5, {1, 2}, {7}, {8}}));
  BytesWriter all;
  all.u8(2);
  all.u16(0);       // no snapshot
  BytesWriter rest; // the same from a snapshot on
  rest.u8(2);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i == until_snapshot) {
      const Bytes snapshot = group.snapshot();
      rest.u16(static_cast<std::uint16_t>(snapshot.size()));
      rest.raw(snapshot);
    }
    static_cast<void>(group.apply(items[i], {{i + 1}, 0}, {1'000 * (i + 1)}, nullptr));
    for (BytesWriter* const out : {&all, &rest})
      if (out == &all || i >= until_snapshot) {
        out->u16(static_cast<std::uint16_t>(items[i].size()));
        out->raw(items[i]);
      }
  }
  keep("agent_group", "items", all.take());
  keep("agent_group", "from-snapshot", rest.take());
  Bytes ask = encode(Ask{3, {2}, Ask::Kind::transact, {}, 5});
  ask.insert(ask.begin(), std::byte{1});
  keep("agent_group", "ask", ask);
  Bytes reply = encode(Reply{3, Answer::refused(Outcome::locked), 5});
  reply.insert(reply.begin(), std::byte{1});
  keep("agent_group", "reply", reply);
}

void keep_views() {
  detail::View view;
  view.members = {{{1}, "a", {"h", 1}, 1}, {{2}, "b", {"h", 2}, 2}, {{3}, "c", {"h", 3}, 3}};
  view.last_id = 3;
  keep("views", "view", detail::encode(view));
  using State = detail::Reachability::State;
  keep("views", "reachability",
       detail::encode(detail::Reachability{
           1, {State::fine, State::lost, State::renewed}, true, {7}, {{"run", 5, false}}}));
  detail::ControlOptions options;
  options.self = {2};
  options.life = 2;
  detail::ControlGroup group(view, options, false, 0);
  for (int i = 1, frames = 0; i < 60; ++i) {
    group.tick({1, {State::fine, State::fine, State::fine}}, {}, {}, i * options.tick_s);
    for (const auto& [to, frame] : group.take_output().frames)
      if (to == raft::NodeId{1} && frames < 5)
        keep("views", "frame-" + std::to_string(++frames), frame);
  }
}

void keep_cuts_to_restore() {
  for (const detail::Cut& cut : some_cuts()) {
    BytesWriter out;
    write_plainly(cut, out);
    keep("restore", "cut-at-" + exact_text(cut.time), out.take());
  }
}

/// As cut.cpp reads it. @pre fewer than 128 chunks of each kind
void keep_cut(const std::string& name, const detail::Cut& cut) {
  const detail::EncodedCut encoded = encode(cut);
  constexpr std::size_t hash_size = 16;
  constexpr std::size_t lists = detail::EncodedCut::Chunk::kinds;
  const std::size_t body =
      encoded.manifest.size() - lists - hash_size * (encoded.chunks.size() + 1);
  BytesWriter out;
  out.u16(static_cast<std::uint16_t>(body));
  out.raw(encoded.manifest.data(), body);
  for (std::size_t kind = 0; kind < lists; ++kind) {
    const auto is_one = [kind](const detail::EncodedCut::Chunk& chunk) {
      return static_cast<std::size_t>(chunk.kind) == kind;
    };
    out.u8(static_cast<std::uint8_t>(std::ranges::count_if(encoded.chunks, is_one)));
    for (const detail::EncodedCut::Chunk& chunk : encoded.chunks)
      if (is_one(chunk)) {
        std::vector<std::byte> content;
        encoded.write_content(chunk, content);
        out.u16(static_cast<std::uint16_t>(content.size()));
        out.raw(content);
      }
  }
  keep("cut", name, out.take());
}

void keep_cuts() {
  detail::Cut cut;
  cut.time = 12.5;
  keep_cut("empty", cut);
  cut.counters.agents_born = 3;
  cut.departed = {{AgentId{5}, 9, true}, {AgentId{6}, 9, false}};
  cut.reports = {{"topic", AgentId{1}, 3, 0, Bytes(5)}};
  cut.origin = {"lattice", "build", {{"seed", "1"}, {"space", "4"}}, 3, 77};
  cut.classes = {{9, "Site", "hops"}};
  cut.lambdas = {{8, "Site::begin", "4 bytes captured, 48 in all"}};
  cut.names = {{"sun", AgentId{1}}};
  TraceRecord birth;
  birth.kind = TraceRecord::Kind::birth;
  birth.agent = AgentId{1};
  birth.type = "Site";
  cut.streamed.trace = {birth, birth};
  cut.streamed.records = {{"height", AgentId{1}, 14, 0, Bytes(8)}};
  for (detail::StreamedTexts* texts : {&cut.streamed.traced, &cut.streamed.recorded})
    texts->push_back(std::make_shared<const detail::StreamedText>(
        detail::StreamedText{ContentHash::of(Bytes(9)), Bytes(9)}));
  keep_cut("no-agents", cut);
  for (std::uint64_t i = 1; i <= 350; ++i) { // two chunks
    cut.add_image(AgentId{i}, std::vector<std::byte>(i % 3, std::byte{7}));
  }
  keep_cut("agents", cut);
}

/// As lmdb_pages.cpp reads it: one tree with a root that is a leaf, of two records.
void keep_lmdb_page() {
  BytesWriter out;
  for (const int choice : {0, 0, 0, 0, 0, 0, /**/ 1, 0, 1, 0, 2, 2, /**/ 2, 0})
    out.u8(static_cast<std::uint8_t>(choice));
  constexpr std::uint16_t size_of_node = 12; // its head, a key of one byte, a value of three
  out.u64(2);
  out.u16(0);
  out.u16(2); // a leaf
  out.u16(16 + 2 * 2);
  out.u16(512 - 2 * size_of_node);
  out.u16(512 - size_of_node);     // of "a"
  out.u16(512 - 2 * size_of_node); // of "b"
  for (std::size_t left = 512 - 2 * size_of_node - 20; left > 0; --left)
    out.u8(0);
  for (const char key : {'b', 'a'}) { // the offsets above stand in the order of the keys
    out.u32(3);
    out.u16(0);
    out.u16(1);
    out.raw(&key, 1);
    out.raw("abc", 3);
  }
  keep("lmdb_pages", "two-records", out.take());
}

/// Three nodes with two groups each, for a while: what happens to the one in the middle.
class RaftRecording {
public:
  RaftRecording() {
    for (std::uint64_t id = 1; id <= 3; ++id) {
      raft::GroupsOptions options;
      options.self = {id};
      nodes_.emplace_back(options);
      for (std::uint64_t group = 1; group <= raft_groups; ++group) {
        raft::Options of_group = raft_options();
        of_group.seed = 10 * id + group;
        const auto added = nodes_.back().add({group}, of_group, raft_first_state());
        STOS_ASSERT(added, added.error().context);
      }
    }
  }

  void tick() {
    note(RaftStep::tick);
    for (raft::Groups& node : nodes_)
      node.tick();
    settle();
  }

  /// A call of the node in the middle, or of the one that leads.
  void call(RaftStep step, std::uint8_t choice) {
    note(step);
    steps_.u8(choice);
    const raft::GroupId group{1 + choice % raft_groups};
    for (raft::Groups& node : nodes_)
      if (raft::Fsm& fsm = *node.find(group); fsm.leads()) {
        if (step == RaftStep::propose)
          static_cast<void>(fsm.propose({std::byte{choice}}));
        if (step == RaftStep::compact)
          static_cast<void>(fsm.compact(fsm.commit_index(), Bytes(20)));
        node.touched(group);
      }
    settle();
  }

  [[nodiscard]] Bytes steps() const { return {steps_.bytes().begin(), steps_.bytes().end()}; }

  /// What the node in the middle persists, as records.
  [[nodiscard]] const std::vector<Bytes>& records() const { return records_; }

private:
  void note(RaftStep step) { steps_.u8(static_cast<std::uint8_t>(step)); }

  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (raft::Groups& node : nodes_) {
        const raft::GroupsOutput output = node.take_output();
        if (&node == &nodes_[1])
          keep_records(output);
        for (const raft::Frame& frame : output.to_send) {
          deliver(frame);
          moved = true;
        }
      }
    }
  }

  void deliver(const raft::Frame& frame) {
    if (frame.to == raft_own_node) {
      note(RaftStep::frame);
      BytesWriter out;
      write(frame, out);
      steps_.varint(out.size());
      steps_.raw(out.bytes());
    }
    nodes_[frame.to.value - 1].step(frame);
  }

  void keep_records(const raft::GroupsOutput& output) {
    std::vector<detail::LogChange> changes;
    for (const auto& [group, persist] : output.to_persist)
      changes.push_back({group, persist});
    if (changes.empty())
      return;
    Bytes record;
    STOS_ASSERT(append_record(changes, 1, 0, record));
    const auto found = detail::record_at(record, 1, 0);
    BytesWriter out;
    out.varint(found->content.size());
    out.raw(found->content);
    records_.push_back(out.take());
  }

  std::vector<raft::Groups> nodes_;
  BytesWriter steps_;
  std::vector<Bytes> records_;
};

void keep_raft() {
  RaftRecording recording;
  for (int i = 0; i < 70; ++i) {
    recording.tick();
    if (i > 25 && i % 3 == 0)
      recording.call(RaftStep::propose, static_cast<std::uint8_t>(i));
    if (i % 20 == 19)
      recording.call(RaftStep::compact, static_cast<std::uint8_t>(i));
    if (i % 10 == 9 && recording.steps().size() < 4096)
      keep("raft", "ticks-" + std::to_string(i + 1), recording.steps());
  }
  Bytes all;
  for (const Bytes& record : recording.records()) {
    all.insert(all.end(), record.begin(), record.end());
    if (all.size() < 2000)
      keep("log_records", "records-" + std::to_string(all.size()), all);
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  folder = argv[1];
  Recording recording;
  recording.run();
  STOS_ASSERT(recording.all_finished(), "the nodes do not come to an end");
  keep_gateway(recording);
  keep_frames(recording);
  keep_fingerprints();
  keep_cluster_statuses();
  keep_cuts();
  keep_cuts_to_restore();
  keep_lmdb_page();
  keep_raft();
  keep_weights();
  keep_coordination();
  keep_agent_group();
  keep_views();
  std::printf("%zu steps, %zu frames\n", recording.steps().size(), recording.frames().size());
}
