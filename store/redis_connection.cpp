#include "store/redis_connection.hpp"

#include "libstos/base/exact_text.hpp"

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <sys/time.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <utility>

namespace stos::detail {
namespace {

// While it lives, writing to a closed connection is an error and no signal.
class WithoutSigpipe {
public:
  WithoutSigpipe() {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
  ~WithoutSigpipe() {
    const timespec at_once{};
    if (!was_pending_)
      while (::sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

private:
  sigset_t sigpipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

timeval to_timeval(double seconds) {
  timeval time{};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(time.tv_sec)) * 1e6);
  return time;
}

RedisReply to_reply(const redisReply& from) {
  RedisReply reply;
  reply.number = from.integer;
  reply.nothing = from.type == REDIS_REPLY_NIL;
  if (from.type == REDIS_REPLY_STRING || from.type == REDIS_REPLY_STATUS ||
      from.type == REDIS_REPLY_ERROR)
    reply.text.emplace(from.str, from.len);
  if (from.type == REDIS_REPLY_ARRAY)
    for (std::size_t i = 0; i < from.elements; ++i)
      reply.parts.push_back(to_reply(*from.element[i]));
  return reply;
}

// The first error in it, also of a command in a transaction.
const redisReply* error_in(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR)
    return &reply;
  if (reply.type == REDIS_REPLY_ARRAY)
    for (std::size_t i = 0; i < reply.elements; ++i)
      if (const redisReply* error = error_in(*reply.element[i]))
        return error;
  return nullptr;
}

template <class T>
bool read_number(std::string_view text, T& number) {
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, number);
  return rest == end && status == std::errc{} && !text.empty();
}

// With %XX as the byte that it stands for; nothing if it is none.
std::optional<std::string> unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned int byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [rest, status] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || rest != digits.data() + 2 || status != std::errc{})
      return std::nullopt;
    plain += static_cast<char>(byte);
    i += 2;
  }
  return plain;
}

} // namespace

Result<RedisAddress> RedisAddress::parse(std::string_view place) {
  const auto wrong = [](const std::string& what) {
    return Error{Errc::bad_argument,
                 "a Redis server: " + what + "; wanted redis://[:PASSWORD@]HOST[:PORT][/DB]"};
  };
  constexpr std::string_view scheme = "redis://";
  if (!place.starts_with(scheme))
    return wrong("the address does not begin with redis://");
  std::string_view rest = place.substr(scheme.size());
  RedisAddress address;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const std::size_t colon = who.find(':');
    const auto user = unescaped(who.substr(0, colon));
    const auto password = unescaped(colon == std::string_view::npos ? "" : who.substr(colon + 1));
    if (!user || !password)
      return wrong("a % in the password is not followed by two hexadecimal digits (write it %25)");
    address.user = *user;
    address.password = *password;
    rest.remove_prefix(at + 1);
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view number = rest.substr(slash + 1);
    if (!number.empty() && !read_number(number, address.database))
      return wrong("the database is '" + std::string(number) + "', which is no number");
    rest = rest.substr(0, slash);
  }
  const std::size_t bracket = rest.find(']'); // of an IPv6 address
  const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const std::string_view number = rest.substr(colon + 1);
    if (!read_number(number, address.port) || address.port == 0)
      return wrong("the port is '" + std::string(number) + "', which is no number up to 65535");
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']'))
    rest = rest.substr(1, rest.size() - 2);
  if (rest.empty())
    return wrong("the address has no host");
  address.host = rest;
  return address;
}

std::string RedisAddress::shown() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return "redis://" + (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + "/" +
         std::to_string(database);
}

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisAddress& address,
                                                               double answer_s) {
  const std::string shown = address.shown();
  redisContext* const context =
      redisConnectWithTimeout(address.host.c_str(), address.port, to_timeval(answer_s));
  if (context == nullptr)
    return Error{Errc::out_of_memory, shown + ": out of memory"};
  std::unique_ptr<RedisConnection> opened(new RedisConnection(shown, answer_s, context));
  if (context->err != 0)
    return Error{Errc::io_error, shown + ": no connection: " + context->errstr};
  redisSetTimeout(context, to_timeval(answer_s));
  if (!address.user.empty() || !address.password.empty()) {
    const Result<RedisReply> proved = address.user.empty()
                                          ? opened->ask({"AUTH", address.password})
                                          : opened->ask({"AUTH", address.user, address.password});
    if (!proved)
      return proved.error();
  }
  // Also asks a server that wants a password which was not given.
  const std::string database = std::to_string(address.database);
  if (const Result<RedisReply> selected = opened->ask({"SELECT", database}); !selected)
    return selected.error();
  return opened;
}

RedisConnection::~RedisConnection() { redisFree(context_); }

bool RedisConnection::usable() const { return context_->err == 0; }

Error RedisConnection::lost() const {
  const bool late = context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
  const std::string why = late ? "no answer within " + short_text(answer_s_) + " s"
                               : "the server is lost: " + std::string(context_->errstr);
  return {Errc::io_error, shown_ + ": " + why};
}

Result<RedisReply> RedisConnection::ask(const Words& command) {
  add(command);
  return answer();
}

void RedisConnection::add(const Words& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : command) {
    words.push_back(word.data() == nullptr ? "" : word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_, static_cast<int>(words.size()), words.data(), sizes.data());
  ++added_;
}

Result<RedisReply> RedisConnection::answer() {
  const WithoutSigpipe guard;
  --added_;
  void* raw = nullptr;
  errno = 0;
  if (context_->err != 0 || redisGetReply(context_, &raw) != REDIS_OK)
    return lost();
  const std::unique_ptr<redisReply, void (*)(void*)> reply(static_cast<redisReply*>(raw),
                                                           freeReplyObject);
  if (const redisReply* error = error_in(*reply))
    return Error{Errc::io_error,
                 shown_ + ": the server says: " + std::string(error->str, error->len)};
  return to_reply(*reply);
}

Result<std::vector<RedisReply>> RedisConnection::answers() {
  std::vector<RedisReply> all;
  std::optional<Error> first;
  while (added_ > 0) {
    Result<RedisReply> reply = answer();
    if (reply)
      all.push_back(*std::move(reply));
    else if (!first)
      first = reply.error();
    if (!usable())
      added_ = 0;
  }
  if (first)
    return *std::move(first);
  return all;
}

} // namespace stos::detail
