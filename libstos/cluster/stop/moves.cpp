#include "libstos/cluster/stop/moves.hpp"

namespace stos {

std::string_view to_string(MoveResult result) {
  switch (result) {
    case MoveResult::moved: return "moved";
    case MoveResult::already_there: return "already_there";
    case MoveResult::no_such_agent: return "no_such_agent";
    case MoveResult::not_serialisable: return "not_serialisable";
    case MoveResult::too_late: break;
  }
  return "too_late";
}

} // namespace stos
