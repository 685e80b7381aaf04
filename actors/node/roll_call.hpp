#pragma once

namespace stos::detail {

/// Tells `stos run`, if it has started this process, that it is a node now. The variable
/// STOS_LAUNCHER says where, and by which name: "socket/node1".
void answer_roll_call();

} // namespace stos::detail
