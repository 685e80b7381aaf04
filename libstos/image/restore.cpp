#include "libstos/image/restore.hpp"

#include "libstos/base/huge_pages.hpp"
#include "libstos/image/agent_view.hpp"
#include "libstos/image/record_bytes.hpp"
#include "libstos/spacetime/trajectory_bytes.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/places_of_ids.hpp"
#include "libstos/world/resumption.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {
namespace {

/// One part after the other, for all agents: what an agent's image names may stand in another one.
class Restorer {
public:
  Restorer(World& world, const Cut& cut)
      : world_(world), cut_(cut), pool_(world.setup.pool()), loading_(world, pool_),
        resumed_(std::make_unique<Resumption>()) {}

  Result<void> run() {
    if (auto problem = read_all()) {
      free_all(*resumed_, world_);
      return *problem;
    }
    resumed_->time = cut_.time;
    world_.counters_before = cut_.counters;
    world_.setup.reports = cut_.reports;
    world_.observers.restore({cut_.observations, cut_.stop_is_wanted});
    world_.next_look = world_.observers.next_after(cut_.time, world_.first_end_time());
    world_.streamed_before = cut_.streamed;
    world_.resumption = std::move(resumed_);
    return {};
  }

private:
  struct Image {
    BytesReader in;
    Cell* cell;
  };

  std::optional<Error> read_all() {
    if (auto problem = make_departed())
      return problem;
    const std::size_t agents = cut_.images.size();
    reserve_large(images_, agents);
    reserve_large(resumed_->agents, agents);
    reserve_large(resumed_->lambdas, agents);
    reserve_large(first_channels_, agents);
    for (std::size_t i = 0; i < agents; ++i)
      images_.push_back({BytesReader(cut_.image(i)), nullptr});
    const auto for_all = [this](bool (Restorer::*read)(Image&), const char* part) {
      if (read == &Restorer::read_channels)
        reserve_large(resumed_->opened, channels_to_come_);
      for (std::size_t i = 0; i < images_.size(); ++i)
        if (!(this->*read)(images_[i]))
          return std::optional<Error>(unreadable(i, part));
      return std::optional<Error>();
    };
    for (const auto& [read, part] : {std::pair(&Restorer::read_agent, "record"),
                                     std::pair(&Restorer::read_channels, "channels"),
                                     std::pair(&Restorer::read_lambdas, "lambdas"),
                                     std::pair(&Restorer::read_members, "members")})
      if (auto problem = for_all(read, part))
        return problem;
    for (const auto& [lambda, absorption] : resumed_->lambdas)
      if (lambda->ops->receiver != lambda->to->ops->type_id &&
          !lambda->ops->fits(*lambda->to->agent))
        return Error{Errc::bad_message, "a cut: a lambda waits for " + describe(*lambda->to) +
                                            " that is for agents of another class"};
    return std::nullopt;
  }

  std::optional<Error> make_departed() {
    for (const Cut::Departed& each : cut_.departed) {
      const AgentOps* ops = find_agent_type(each.type_id);
      if (ops == nullptr)
        return no_agent_type(each.type_id);
      Cell& cell = Cell::create_without_agent(world_, pool_, *ops);
      cell.id = each.agent;
      cell.state = each.died ? CellState::dead : CellState::ended;
      resumed_->departed.push_back(&cell);
    }
    return std::nullopt;
  }

  bool read_agent(Image& image) {
    const RecordName name = read_record_name(image.in);
    const AgentOps* ops = find_agent_type(name.type_id);
    if (ops == nullptr)
      problem_ = no_agent_type(name.type_id).context;
    const auto& agents = resumed_->agents;
    if (ops == nullptr || ops->load == nullptr ||
        (!agents.empty() && !(agents.back()->id < name.agent)))
      return false;
    Cell& cell = Cell::create_without_agent(world_, pool_, *ops);
    cell.id = name.agent;
    image.cell = &cell;
    resumed_->agents.push_back(&cell);
    places_.add(cell.id);
    if (!read_record(image.in, cell))
      return false;
    BytesReader channels = image.in;
    channels_to_come_ += channels.count(bytes_of_a_channel);
    return true;
  }

  [[nodiscard]] Cell* find(AgentId id) const {
    const std::size_t place = places_.find(id);
    if (place < resumed_->agents.size())
      return resumed_->agents[place];
    const std::vector<Cell*>& departed = resumed_->departed;
    const auto found =
        std::lower_bound(departed.begin(), departed.end(), id,
                         [](const Cell* cell, AgentId wanted) { return cell->id < wanted; });
    return found != departed.end() && (*found)->id == id ? *found : nullptr;
  }

  bool read_channels(Image& image) {
    constexpr std::uint64_t sequence_max = (std::uint64_t{1} << 60) - 1;
    first_channels_.push_back(resumed_->opened.size());
    std::uint64_t last = 0; // they count from 1, in the order in which they were opened
    for (std::size_t left = image.in.count(bytes_of_a_channel); left > 0; --left) {
      const std::uint64_t number = image.in.varint();
      const std::uint64_t next_sequence = image.in.varint();
      Cell* to = find(AgentId{image.in.u64()});
      if (to == nullptr || number <= last || number > image.cell->channels_opened ||
          next_sequence > sequence_max)
        return false;
      last = number;
      Channel& channel = Channel::create(pool_, *to);
      channel.owned_by(2); // its two ends; the third one is the ChannelWriter, among the members
      channel.number.value = static_cast<std::uint32_t>(number);
      channel.next_sequence = next_sequence;
      channel.source_path = &image.cell->path;
      channel.last_absorption = cut_.time;
      if (image.cell->ops->reaction_time > 0) {
        Course& course = channel.require_course();
        course.reaction_time = image.cell->ops->reaction_time;
        course.silent_until = cut_.time;
      }
      image.cell->link_outgoing(channel);
      resumed_->opened.push_back(&channel);
    }
    return image.in.ok();
  }

  bool read_lambdas(Image& image) {
    BytesReader& in = image.in;
    closed_.clear();
    constexpr std::size_t bytes_each = 70;
    for (std::size_t left = in.count(bytes_each); left > 0; --left) {
      const std::uint64_t type_id = in.u64();
      const ClosureOps* ops = find_closure(type_id);
      const std::uint8_t kind = in.u8();
      const double absorption = in.f64();
      Closure frame; // what does not depend on the code
      frame.emission = read_point(in);
      frame.emission_depth = static_cast<std::uint32_t>(in.varint());
      frame.source.value = in.u64();
      frame.channel.value = static_cast<std::uint32_t>(in.varint());
      frame.sequence = in.varint();
      frame.due = in.f64();
      if (ops == nullptr)
        problem_ = "there is no lambda type " + std::to_string(type_id) + " in this program";
      if (!in.ok() || ops == nullptr || !(absorption >= std::max(cut_.time, image.cell->now)) ||
          kind > static_cast<std::uint8_t>(Lambda::Kind::date))
        return false;
      frame.kind = static_cast<Lambda::Kind>(kind);
      if (frame.kind == Lambda::Kind::channel)
        frame.via = &channel_of(*image.cell, frame);
      if (!read_references(frame, *image.cell, in))
        return false;
      Closure* lambda = ops->load(&pool_, in);
      if (lambda == nullptr)
        return false;
      lambda->emission = frame.emission;
      lambda->emission_depth = frame.emission_depth;
      lambda->source = frame.source;
      lambda->channel = frame.channel;
      lambda->sequence = frame.sequence;
      lambda->due = frame.due;
      lambda->kind = frame.kind;
      lambda->via = frame.via;
      lambda->references = std::move(frame.references);
      lambda->to = image.cell;
      resumed_->lambdas.push_back({lambda, absorption});
    }
    return in.ok();
  }

  // Those of one writer follow one another, in the order of their numbers.
  [[nodiscard]] Channel* find_open(AgentId writer, ChannelNumber number) const {
    const std::size_t place = places_.find(writer);
    if (place >= resumed_->agents.size())
      return nullptr;
    const auto begin = resumed_->opened.begin();
    const auto first = begin + static_cast<std::ptrdiff_t>(first_channels_[place]);
    const auto last = place + 1 < first_channels_.size()
                          ? begin + static_cast<std::ptrdiff_t>(first_channels_[place + 1])
                          : resumed_->opened.end();
    const auto found = std::lower_bound(
        first, last, number, [](const Channel* c, ChannelNumber n) { return c->number < n; });
    return found != last && (*found)->number == number ? *found : nullptr;
  }

  Channel& channel_of(Cell& to, const Closure& lambda) {
    if (Channel* open = find_open(lambda.source, lambda.channel);
        open != nullptr && open->to == &to)
      return *open;
    for (const auto& [source, closed] : closed_)
      if (source == lambda.source && closed->number == lambda.channel)
        return *closed;
    Channel& channel = Channel::create(pool_, to);
    channel.number = lambda.channel;
    channel.detached = true;
    channel.last_absorption = cut_.time;
    closed_.emplace_back(lambda.source, &channel);
    resumed_->retired.push_back(&channel);
    return channel;
  }

  bool read_references(Closure& lambda, Cell& holder, BytesReader& in) {
    constexpr std::size_t bytes_each = 16;
    const std::size_t count = in.count(bytes_each);
    if (count == 0)
      return in.ok();
    lambda.references = std::make_unique<std::vector<CarriedReference>>();
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t ticket = in.u64();
      Cell* target = find(AgentId{in.u64()});
      if (target == nullptr)
        return false;
      Channel* hold = &Channel::create(pool_, *target);
      ChannelCourse& course = hold->keep_holder(holder.id);
      course.holder = &holder;
      course.reaction_time = holder.ops->reaction_time;
      course.silent_until = cut_.time;
      hold->last_absorption = cut_.time;
      resumed_->held.push_back(hold);
      lambda.references->push_back({ticket, hold});
    }
    return true;
  }

  bool read_members(Image& image) {
    Cell& cell = *image.cell;
    load_.begin(cell);
    for (Channel* channel = cell.outgoing; channel != nullptr; channel = channel->next_outgoing)
      channel->owned_by(3);
    const bool is_loaded = load_members(image);
    if (load_.first_unclaimed() == nullptr)
      return is_loaded;
    while (const Channel* without_writer = load_.first_unclaimed())
      load_.claim(without_writer->number)->let_go();
    return false;
  }

  bool load_members(Image& image) {
    loading_.begin_transfer(load_);
    const EventContext::Scope scope(&loading_);
    try {
      return image.cell->ops->load(image.in) != nullptr && image.in.at_end();
    } catch (const std::exception& e) {
      problem_ = e.what();
      return false;
    }
  }

  [[nodiscard]] Error unreadable(std::size_t index, const char* part) const {
    const Cell* cell = images_[index].cell;
    return {Errc::bad_message,
            "a cut at " + std::to_string(cut_.time) + " s: the " + part + " of " +
                (cell != nullptr ? describe(*cell)
                                 : "agent " + std::to_string(cut_.images[index].agent.value)) +
                " cannot be read" + (problem_.empty() ? "" : ": " + problem_)};
  }

  static constexpr std::size_t bytes_of_a_channel = 10; // at least

  World& world_;
  const Cut& cut_;
  BlockPool& pool_;
  EventContext loading_;
  Transfer load_{Transfer::Kind::load};
  std::unique_ptr<Resumption> resumed_;
  std::vector<Image> images_;
  PlacesOfIds places_; // of the agents
  std::size_t channels_to_come_ = 0;
  std::vector<std::size_t> first_channels_;          // in `opened`, of each agent
  std::vector<std::pair<AgentId, Channel*>> closed_; // of one reader, with their writers
  std::string problem_;
};

} // namespace

Result<void> restore(World& world, const Cut& cut) { return Restorer(world, cut).run(); }

Result<void> inject(World& world, AgentId agent, Closure& lambda) {
  const auto refused = [&lambda](const std::string& why) {
    discard(lambda, nullptr);
    return Error{Errc::bad_argument, "a lambda was injected for " + why};
  };
  Cell* cell = find_restored(world, agent);
  if (cell == nullptr)
    return refused("agent " + std::to_string(agent.value) + ", which does not live");
  if (!lambda.ops->fits(*cell->agent))
    return refused(describe(*cell) + ", which is of another class");
  const double time = std::max({world.resumption->time, cell->now, cell->path.anchor()[0]});
  if (!(time < std::min(cell->exit_time(), world.end_time.load()))) {
    discard(lambda, nullptr);
    return {};
  }
  lambda.kind = Lambda::Kind::outside;
  lambda.emission = cell->path.position(time);
  lambda.source = AgentId::outside();
  lambda.channel = ChannelNumber::timers();
  lambda.sequence = cell->require_extras().injected++;
  lambda.to = cell;
  ++world.counters_before.sent;
  auto& lambdas = world.resumption->lambdas; // by agent
  const auto behind = std::ranges::upper_bound(
      lambdas, agent, {}, [](const Resumption::Waiting& each) { return each.lambda->to->id; });
  lambdas.insert(behind, {&lambda, time});
  return {};
}

} // namespace stos::detail
