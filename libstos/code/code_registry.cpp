#include "libstos/code/code_registry.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/base/demangle.hpp"
#include "libstos/base/hexadecimal.hpp"
#include "libstos/code/agent_ops.hpp"
#include "libstos/code/closure.hpp"

#include <dlfcn.h>

#include <atomic>
#include <bit>
#include <string>
#include <vector>

namespace stos::detail {
namespace {

std::string name_of(const ClosureOps& ops) { return "the lambda " + demangle(ops.name); }
std::string name_of(const AgentOps& ops) { return std::string("the class ") + ops.type_name; }

template <class Ops>
constinit std::atomic<const Registered<Ops>*> latest{nullptr};

const void* module_of(const void* object) {
  Dl_info info{};
  return dladdr(object, &info) != 0 ? info.dli_fbase : nullptr;
}

// The program and a shared library may each have the class of some header. A module with two of one
// name has two classes, each in an unnamed namespace, which no other module can refer to.
template <class Ops>
bool is_one_class(const Ops& a, const Ops& b) {
  return module_of(&a) != module_of(&b) && name_of(a) == name_of(b) &&
         name_of(a).find("(anonymous namespace)") == std::string::npos;
}

/// All registered classes by id, in a hash table with open addressing: the ids are hashes.
template <class Ops>
class Index {
public:
  struct Entry {
    const Ops* ops = nullptr;
    const Ops* rival = nullptr; ///< another one with the same id
  };

  static const Index& get() {
    static const Index index;
    return index;
  }

  /// An entry without ops, if there is none.
  [[nodiscard]] const Entry& find(std::uint64_t type_id) const {
    std::size_t at = type_id & (entries_.size() - 1);
    while (entries_[at].ops != nullptr && entries_[at].ops->type_id != type_id)
      at = (at + 1) & (entries_.size() - 1);
    return entries_[at];
  }

  [[nodiscard]] const Ops* find_unique(std::uint64_t type_id) const {
    const Entry& entry = find(type_id);
    return entry.rival == nullptr ? entry.ops : nullptr;
  }

private:
  Index() {
    std::size_t classes = 0;
    const Registered<Ops>* const last = latest<Ops>.load(std::memory_order_acquire);
    for (const Registered<Ops>* each = last; each != nullptr; each = each->next)
      ++classes;
    entries_.resize(std::bit_ceil(2 * classes + 1));
    for (const Registered<Ops>* each = last; each != nullptr; each = each->next) {
      auto& entry = const_cast<Entry&>(find(each->ops.type_id));
      if (entry.ops == nullptr)
        entry.ops = &each->ops;
      else if (!is_one_class(*entry.ops, each->ops))
        entry.rival = &each->ops;
    }
  }

  std::vector<Entry> entries_;
};

template <class Ops>
Error not_unique(const typename Index<Ops>::Entry& entry) {
  const std::string one = name_of(*entry.ops);
  const std::string other = name_of(*entry.rival);
  return {Errc::not_supported,
          one + " and " + (one == other ? "another one of the same name" : other) +
              " cannot be told apart by another node (both are 0x" +
              hexadecimal(entry.ops->type_id) +
              "), as it happens to types in unnamed namespaces or static functions of two source "
              "files: rename one of them, or what it is in"};
}

template <class Ops>
Error not_found(std::uint64_t type_id, const char* kind) {
  const auto& entry = Index<Ops>::get().find(type_id);
  if (entry.ops != nullptr) {
    STOS_ASSERT(entry.rival != nullptr, name_of(*entry.ops));
    return not_unique<Ops>(entry);
  }
  return {Errc::not_supported, std::string("this program has no ") + kind + " with the id 0x" +
                                   hexadecimal(type_id) + ": do all nodes run the same binary?"};
}

} // namespace

template <class Ops>
Registered<Ops>::Registered(const Ops& registered)
    : ops(registered), next(latest<Ops>.exchange(this, std::memory_order_acq_rel)) {}

template struct Registered<ClosureOps>;
template struct Registered<AgentOps>;

const ClosureOps* find_closure(std::uint64_t type_id) {
  return Index<ClosureOps>::get().find_unique(type_id);
}
const AgentOps* find_agent_type(std::uint64_t type_id) {
  return Index<AgentOps>::get().find_unique(type_id);
}

Error no_closure(std::uint64_t type_id) { return not_found<ClosureOps>(type_id, "lambda"); }
Error no_agent_type(std::uint64_t type_id) { return not_found<AgentOps>(type_id, "agents' class"); }

bool can_travel(const ClosureOps& ops) {
  return ops.save != nullptr && find_closure(ops.type_id) != nullptr;
}

Error cannot_travel(const ClosureOps& ops) {
  if (ops.save != nullptr)
    return no_closure(ops.type_id);
  return {Errc::not_supported,
          name_of(ops) + " was sent with send_local or after_local, or put in from outside, "
                         "so it is bound to its node and process: use send or after"};
}

} // namespace stos::detail
