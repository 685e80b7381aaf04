# Runs that are watched: their metrics are those of the run, scrapers disturb neither it nor its
# digest, and what cannot be listened on is a clear error.
# timeout: 300
set -euo pipefail

lattice=$STOS_BUILD_DIR/examples/lattice
stos=$STOS_BUILD_DIR/bin/stos
work=$(mktemp -d)
test=watching
pids=()
trap '' PIPE # of a run that ends while it is asked
trap 'kill -KILL "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

. "$STOS_SOURCE_DIR/tests/system/waiting.bash"

# start NAME COMMAND...: in the background, with its output in files of that name. Sets `pid`.
start() {
  rm -f "$work/$1".{out,err} # what an earlier one has said
  "${@:2}" >"$work/$1.out" 2>"$work/$1.err" &
  pid=$!
  pids+=("$pid")
}

# address_of NAME: where it exposes its metrics; it was started with port 0. Sets `address`.
says_address() { grep -qs 'metrics exposed address=' "$work/$1.err"; }
address_of() {
  wait_until 60 says_address "$1"
  address=$(sed -n 's/.*metrics exposed address=//p' "$work/$1.err" | head -n 1)
}

# scrape ADDRESS: its metrics; fails if nobody answers.
scrape() {
  local socket status=0
  { exec {socket}<>"/dev/tcp/${1/://}"; } 2>/dev/null || return 1
  printf 'GET /metrics HTTP/1.0\r\n\r\n' 2>/dev/null >&"$socket" && timeout 20 cat <&"$socket" || status=$?
  exec {socket}>&-
  return $status
}
# value METRIC LABEL...: of the last scrape, in $work/metrics; the sum over all series that fit.
value() {
  local pattern=$1 label
  for label in "${@:2}"; do pattern+=".*$label"; done
  awk -v pattern="^$pattern" '$0 ~ pattern { sum += $NF; n++ } END { if (n == 0) exit 1; printf "%.0f\n", sum }' \
    "$work/metrics"
}
has() {
  local number
  scrape "$1" >"$work/metrics" && number=$(value "${@:3}") && ((number >= $2))
}

world=(--agents 10000 --end-time 3000)
digest=$("$lattice" "${world[@]}" --workers 2 --digest-only)

# ---- any engine shows how far it is, and whom it has ----------------------------------------------

for engine in --serial "--workers 1" "--workers 2"; do
  # shellcheck disable=SC2086
  start run "$lattice" "${world[@]}" $engine --monitoring 127.0.0.1:0
  address_of run
  wait_until 60 has "$address" 100000 stos_events_total
  [[ $(value stos_agents 'type="Site"') == 10000 ]] || fail "$engine: not the agents of the lattice"
  [[ $(value stos_agents_born_total) == 10000 ]] || fail "$engine: not the births of the lattice"
  (($(value stos_lambdas_sent_total 'locality="local"') >= $(value stos_events_total))) ||
    fail "$engine: more lambdas arrive than were sent"
  [[ $(value stos_end_time_seconds) == 3000 ]] || fail "$engine: not the end time"
  (($(value stos_simulated_time_seconds) > 0)) || fail "$engine: no simulated time"
  (($(value stos_event_duration_seconds_count) > 0)) || fail "$engine: no event was measured"
  [[ $engine == --serial ]] || (($(value stos_activation_duration_seconds_count) > 0)) ||
    fail "$engine: no activation was measured"
  (($(value stos_process_threads) > 1)) || fail "$engine: no process"
  before=$(value stos_events_total)
  wait_until 60 has "$address" $((before + 1)) stos_events_total
  kill "$pid" && wait "$pid" 2>/dev/null || true
done

# ---- who asks changes nothing ---------------------------------------------------------------------

start run "$lattice" "${world[@]}" --workers 2 --monitoring 127.0.0.1:0 --digest-only
address_of run
scrapes=0
while scrape "$address" >"$work/metrics"; do # until the run is over
  scrapes=$((scrapes + 1))
  sleep 0.2
done
wait "$pid" || fail "a run that is scraped ended with $?"
((scrapes >= 3)) || fail "only $scrapes scrapes found the run"
[[ $(cat "$work/run.out") == "$digest" ]] || fail "scrapes changed the digest"

# A thousand connections, some in the middle of a request, none of which says more.
start run "$lattice" "${world[@]}" --workers 2 --monitoring 127.0.0.1:0 --digest-only
run=$pid
address_of run
hang() {
  local socket
  for _ in {1..100}; do
    exec {socket}<>"/dev/tcp/${address/://}" || return 0 # the run is over
    printf 'GET /met' >&"$socket" || return 0
  done
  sleep 60
}
for n in {1..10}; do
  hang 2>/dev/null &
  pids+=("$!")
done
wait "$run" || fail "a run with a thousand connections ended with $?"
[[ $(cat "$work/run.out") == "$digest" ]] || fail "connections changed the digest"

# ---- what cannot be listened on -------------------------------------------------------------------

# refused ADDRESS TEXT: a run ends with that text instead.
refused() {
  local code=0
  timeout 60 "$lattice" --monitoring "$1" >"$work/refused.out" 2>"$work/refused.err" || code=$?
  ((code == 1)) || fail "a run with metrics at $1 ended with $code"
  grep -qF "monitoring.address: cannot expose metrics at $1: $2" "$work/refused.err" ||
    fail "not the error that was wanted for $1"
}
start run "$lattice" "${world[@]}" --serial --monitoring 127.0.0.1:0
address_of run
refused "$address" "Address already in use"
refused 192.0.2.1:9464 "this machine has no such address"
refused no-such-host.invalid:9464 ""
kill "$pid" && wait "$pid" 2>/dev/null || true

echo "watching: ok, $scrapes scrapes of one run"
