#include "libstos/world/model_error.hpp"

#include "libstos/base/usage_error.hpp"

#include <exception>
#include <new>
#include <string>

namespace stos::detail {

Error error_of_current_exception() {
  try {
    throw;
  } catch (const UsageError& e) {
    return e.error();
  } catch (const std::bad_alloc&) {
    return {Errc::out_of_memory, "out of memory"};
  } catch (const std::exception& e) {
    return {Errc::model_exception, std::string("the model threw: ") + e.what()};
  } catch (...) {
    return {Errc::model_exception, "the model threw something that is no std::exception"};
  }
}

} // namespace stos::detail
