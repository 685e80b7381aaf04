#pragma once

#include "libstos/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct redisContext;

namespace stos::detail {

/// redis://[USER][:PASSWORD@]HOST[:PORT][/DB]. User and password may have %XX in them.
struct RedisAddress {
  std::string host;
  std::uint16_t port = 6379;
  std::uint32_t database = 0;
  std::string user;
  std::string password;

  /// Fails with bad_argument and what is wrong, without a password.
  [[nodiscard]] static Result<RedisAddress> parse(std::string_view place);

  /// For texts: without user and password.
  [[nodiscard]] std::string shown() const;
};

/// What a server has answered, if it was no error.
struct RedisReply {
  std::optional<std::string> text; ///< nothing: there is none, or it is no text
  std::int64_t number = 0;
  std::vector<RedisReply> parts;
  bool nothing = false; ///< "nil"
};

/// A connection to a Redis server.
///
/// Threads: one at a time. A signal SIGPIPE does not reach the thread while it writes.
/// Errors:  io_error with the server's address and what it has said, or that it is lost, after
///          which the connection is of no use.
class RedisConnection {
public:
  using Words = std::vector<std::string_view>;

  /// Connects, proves who it is, selects the database. Every answer has to come within `answer_s`.
  [[nodiscard]] static Result<std::unique_ptr<RedisConnection>> open(const RedisAddress& address,
                                                                     double answer_s);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  /// Sends a command and waits for the answer.
  [[nodiscard]] Result<RedisReply> ask(const Words& command);

  /// Takes commands, which go out together with the first answer(); then there is one for each.
  void add(const Words& command);
  [[nodiscard]] Result<RedisReply> answer();
  /// Waits for the answers of all commands that were added. Fails with the first error in them.
  [[nodiscard]] Result<std::vector<RedisReply>> answers();

  /// False after the server was lost.
  [[nodiscard]] bool usable() const;

private:
  RedisConnection(std::string shown, double answer_s, redisContext* context)
      : shown_(std::move(shown)), answer_s_(answer_s), context_(context) {}
  [[nodiscard]] Error lost() const;

  std::string shown_;
  double answer_s_;
  redisContext* context_;
  std::size_t added_ = 0;
};

} // namespace stos::detail
