#include "libstos/code/closure.hpp"

#include "libstos/base/demangle.hpp"

#include <algorithm>

namespace stos::detail {

void discard(Closure& lambda, BlockPool* pool) {
  const bool from_pool = lambda.from_pool;
  const ClosureOps& ops = *lambda.ops;
  ops.destruct(lambda);
  if (!from_pool)
    ::operator delete (&lambda, std::align_val_t{ops.alignment});
  else
    BlockPool::give_back(pool, &lambda, ops.bytes);
}

std::uint64_t code_id(const char* mangled_name) {
  std::string name = demangle(mangled_name);
  const std::string pool = "stos::ThreadPool<";
  for (std::size_t at = name.find(pool); at != std::string::npos; at = name.find(pool, at + 1)) {
    const std::size_t begin = at + pool.size();
    const std::size_t end = std::min(name.find('>', begin), name.size());
    name.erase(begin, end - begin);
  }
  return hash_text(name);
}

} // namespace stos::detail
