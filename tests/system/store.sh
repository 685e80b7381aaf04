# Stores of cuts and what happens to processes and disks: writers are killed at 200 random moments, a
# disk is full, permission is missing, a Redis server (with a password) is killed in the middle. What
# was complete stays complete, and each error names the place and what is wrong with it.
# timeout: 600
set -euo pipefail

worker=$STOS_BUILD_DIR/tests/system/store_worker
test_store=$STOS_BUILD_DIR/tests/test_store
work=$(mktemp -d)
mounted=
cleanup() {
  kill_redis
  if [[ -n $mounted ]]; then umount "$mounted" || true; fi
  rm -rf "$work"
}
. "$STOS_SOURCE_DIR/tests/system/redis.bash"
trap cleanup EXIT

fail() { echo "store: $*" >&2; exit 1; }
wanted() { grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "wanted '$2' in the output above"; }; }
unwanted() { if grep -qF -- "$2" "$1"; then cat "$1" >&2; fail "did not want '$2' in the output above"; fi; }

# Waits until a file has a line that matches; what it waits for happens, or the test times out.
await() { until grep -qE -- "$2" "$1" 2>/dev/null; do sleep 0.02; done; }

# ---- writers that are killed ------------------------------------------------------------------------

seed=${STOS_TEST_SEED:-$RANDOM}
echo "store: writers are killed, seed $seed"
"$worker" kill "$work/killed" 200 "$seed" || fail "seed $seed"

# ---- two writers at a time --------------------------------------------------------------------------

echo "store: two writers at a time"
"$worker" write "$work/two" 0 1 20 >"$work/first" &
"$worker" write "$work/two" 0 21 40 >"$work/second" || fail "$(cat "$work/second")"
wait $! || fail "$(cat "$work/first")"
"$worker" check "$work/two" >"$work/out" || fail "$(cat "$work/out")"
wanted "$work/out" "right 40"

# ---- readers beside a writer ------------------------------------------------------------------------

echo "store: readers beside a writer"
"$worker" write "$work/two" 2 41 1000000 >"$work/first" &
writer_pid=$!
await "$work/first" '^written 41$'
for _ in {1..40}; do
  "$worker" check "$work/two" >"$work/out" || fail "a reader beside a writer: $(cat "$work/out")"
done
{ kill -9 "$writer_pid" && wait "$writer_pid"; } 2>/dev/null || true

# ---- a full disk ------------------------------------------------------------------------------------

mkdir "$work/small"
if mount -t tmpfs -o size=1m tmpfs "$work/small" 2>/dev/null; then
  mounted=$work/small
  echo "store: a full disk"
  if "$worker" write "$work/small/store" 0 1 60 >"$work/out"; then fail "60 cuts fit on 1 MB"; fi
  wanted "$work/out" "error: the store of cuts in $work/small/store: "
  wanted "$work/out" "is full: make room"
  last=$(sed -n 's/^written //p' "$work/out" | tail -n 1)
  "$worker" check "$work/small/store" >"$work/out" || fail "$(cat "$work/out")"
  wanted "$work/out" "right $last 1 $last"
  mount -o remount,size=40m "$work/small"
  "$worker" write "$work/small/store" 2 100 105 >"$work/out" || fail "$(cat "$work/out")"
  "$worker" check "$work/small/store" >"$work/out" || fail "$(cat "$work/out")"
  wanted "$work/out" "right 2 104 105"
  # A disk without room for a store at all.
  dd if=/dev/zero of="$work/small/filler" bs=1k >/dev/null 2>&1 || true
  if "$worker" write "$work/small/new" 0 1 1 >"$work/out"; then fail "a store on a full disk"; fi
  wanted "$work/out" "$work/small/new"
  rm "$work/small/filler"
  "$worker" write "$work/small/new" 0 1 1 >"$work/out" || fail "$(cat "$work/out")"
else
  echo "store: NOT TESTED: a full disk (no permission to mount a tmpfs)"
fi

# ---- no permission ----------------------------------------------------------------------------------

"$worker" write "$work/mine" 0 1 2 >/dev/null
if ((EUID == 0)); then
  as_stranger=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 755 "$work"
else
  as_stranger=(env)
  chmod a-w "$work/mine" "$work/mine"/*
fi
cp "$worker" "$work/worker"
"${as_stranger[@]}" "$work/worker" >"$work/out" 2>/dev/null || true
if grep -q "see the head" "$work/out"; then
  echo "store: no permission"
  if "${as_stranger[@]}" "$work/worker" write "$work/mine" 0 3 3 >"$work/out"; then
    fail "written without permission"
  fi
  wanted "$work/out" "error: the store of cuts in $work/mine: it cannot be written to: Permission denied"
  "${as_stranger[@]}" "$work/worker" check "$work/mine" >"$work/out" || fail "$(cat "$work/out")"
  wanted "$work/out" "right 2 1 2"
  chmod a-r "$work/mine/data.mdb"
  if "${as_stranger[@]}" "$work/worker" check "$work/mine" >"$work/out"; then
    fail "read without permission"
  fi
  wanted "$work/out" "data.mdb: Permission denied"
else
  echo "store: NOT TESTED: no permission (this machine lets nobody else run a program)"
fi

# ---- Redis ------------------------------------------------------------------------------------------

if [[ -z $redis ]]; then
  echo "store: NOT TESTED: Redis (there is no redis-server)"
  exit 0
fi

start_store() { start_redis --databases 64 --appendonly yes --appendfsync always --requirepass 'se@cr%et'; }

echo "store: Redis"
port=
start_store
server="redis://:se%40cr%25et@127.0.0.1:$port"
STOS_TEST_REDIS="$server/" "$test_store" >"$work/out" || { cat "$work/out" >&2; fail "test_store on Redis"; }

if "$worker" write "redis://127.0.0.1:$port/60" 0 1 1 >"$work/out"; then fail "no password, no error"; fi
wanted "$work/out" "redis://127.0.0.1:$port/60: the server says: NOAUTH"
if "$worker" write "redis://:wrong1@127.0.0.1:$port/60" 0 1 1 >"$work/out"; then fail "a wrong password"; fi
wanted "$work/out" "redis://127.0.0.1:$port/60: the server says: WRONGPASS"
unwanted "$work/out" "wrong1"

echo "store: Redis is killed in the middle"
"$worker" write "$server/60" 3 1 100000 >"$work/writer" &
writer_pid=$!
await "$work/writer" '^written 5$'
kill_redis
await "$work/writer" '^error: '
start_store
seen=$(grep -c '^written' "$work/writer")
until (($(grep -c '^written' "$work/writer") > seen + 3)); do
  kill -0 "$writer_pid" || fail "the writer has ended: $(tail -n 3 "$work/writer")"
  sleep 0.02
done
{ kill -9 "$writer_pid" && wait "$writer_pid"; } 2>/dev/null || true
wanted "$work/writer" "error: redis://127.0.0.1:$port/60: "
unwanted "$work/writer" "se@cr"
unwanted "$work/writer" "se%40"
"$worker" check "$server/60" >"$work/out" || fail "$(cat "$work/out")"
# The next writer waits until the killed one has lost its turn, and removes what it has left behind.
"$worker" write "$server/60" 1 200001 200001 >"$work/out" || fail "$(cat "$work/out")"
"$worker" check "$server/60" >"$work/out" || fail "$(cat "$work/out")"
wanted "$work/out" "right 1 200001 200001"
"$worker" write "$server/61" 1 200001 200001 >"$work/out" || fail "$(cat "$work/out")"
cli() { REDISCLI_AUTH='se@cr%et' redis-cli -p "$port" "$@" 2>/dev/null; }
if command -v redis-cli >/dev/null; then
  (($(cli -n 60 dbsize) == $(cli -n 61 dbsize))) || fail "a killed writer has left $(cli -n 60 dbsize) keys"
fi

echo "store: ok"
