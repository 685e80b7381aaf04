# A Redis server of a test's own. To be sourced by a script that sets `work` to a folder of its own, and
# has a function `fail`; it calls kill_redis at its end.
# shellcheck shell=bash disable=SC2154

redis_pid=

# Debian's redis-tools has the server under another name; what it is called decides what it does.
redis=$(command -v redis-server || command -v redis-check-rdb || true)

# start_redis OPTIONS...: at $port; if that is empty, at any port that is free, which is in $port then.
start_redis() {
  local given=${port:-}
  for _ in {1..50}; do
    port=${given:-$((20000 + RANDOM))}
    : >"$work/redis.log"
    (exec -a redis-server "$redis" --port "$port" --bind 127.0.0.1 --dir "$work" --save "" "$@" \
      >"$work/redis.log" 2>&1) &
    redis_pid=$!
    until grep -qE "Ready to accept|Failed listening" "$work/redis.log"; do
      kill -0 "$redis_pid" 2>/dev/null || break
      sleep 0.02
    done
    if grep -q "Ready to accept" "$work/redis.log"; then return; fi
    wait "$redis_pid" || true
  done
  cat "$work/redis.log" >&2
  fail "the Redis server does not start"
}

kill_redis() {
  if [[ -z $redis_pid ]]; then return; fi
  kill -9 "$redis_pid" 2>/dev/null || true
  wait "$redis_pid" 2>/dev/null || true
}
