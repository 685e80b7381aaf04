#include "model.hpp"

void make_players() {
  auto* one = new Player({0, 0, 0, 0});
  auto* two = new Player({0, 0, 0, 1});
  one->other = stos::ChannelWriter(*one, *two);
  two->other = stos::ChannelWriter(*two, *one);
  one->after(0.5, [](Player& self) { self.play(); });
}
