#pragma once

#include "libstos/base/result.hpp"
#include "libstos/service/keyed/transaction.hpp"

#include <string>
#include <vector>

namespace stos::keyed {

/// Takes part in transactions and is no replicated agent: a file, a database, a machine. Users
/// derive their own ones from it.
///
/// It keeps what it has prepared where a crash of its process does not harm it, and is told what
/// was decided; if the process ends in between, the next one asks (ReplicatedAgents::settle()). All
/// functions may be called again for the same transaction, and do nothing then.
///
/// A participant must not wait in prepare() for what another transaction keeps, but refuse; or else
/// transactions might wait in a circle.
///
/// Threads: those that commit transactions; it guards itself if there are several.
/// Errors:  what is thrown counts as a failure.
class Participant {
public:
  virtual ~Participant() = default;

  /// By which records of transactions know it: another one for each participant, and the same when
  /// its process begins anew.
  [[nodiscard]] virtual std::string name() const = 0;

  /// Its vote. If it succeeds, the participant can do both, commit and abort, whatever happens. If
  /// it fails, nothing is done, and the error's context goes to the caller.
  [[nodiscard]] virtual Result<void> prepare(const TransactionId& transaction) = 0;

  /// What was prepared is done for good. If this fails, it stays in doubt, and settle() tries
  /// again.
  [[nodiscard]] virtual Result<void> commit(const TransactionId& transaction) = 0;
  /// It is not to be done. Also for what was never prepared.
  [[nodiscard]] virtual Result<void> abort(const TransactionId& transaction) = 0;

  /// What it has prepared, and has neither committed nor aborted.
  [[nodiscard]] virtual std::vector<TransactionId> in_doubt() = 0;
};

} // namespace stos::keyed
