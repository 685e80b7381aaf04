# How programs end: what they have to say reaches somebody, or they say why it does not; signals end
# a run and lose nothing; no locale changes what is written; too few threads are an error.
# timeout: 300
set -euo pipefail

test=endings
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"

stos=$STOS_BUILD_DIR/bin/stos
examples=$STOS_BUILD_DIR/examples
seed=$examples/spacetimeos
lattice=$examples/lattice

# run CODE COMMAND...: ends with CODE; $work/run.out and $work/run.err are what it wrote.
run() {
  local wanted=$1 code=0
  shift
  timeout $((100 * slower)) "$@" >"$work/run.out" 2>"$work/run.err" </dev/null || code=$?
  ((code == wanted)) || fail "'$*' ended with $code, wanted $wanted"
}
says() { grep -qF -- "$2" "$work/run.$1" || fail "no word of '$2' in $1"; }

# ---- standard output that takes nothing -----------------------------------------------------------

# lost REDIRECTION TEXT COMMAND...: it ends with 1 and says TEXT.
lost() {
  local code=0
  timeout $((100 * slower)) sh -c '"$@" '"$1" "$1" "${@:3}" 2>"$work/run.err" </dev/null || code=$?
  ((code == 1)) || fail "'${*:3} $1' ended with $code, wanted 1"
  says err "error: cannot write to standard output: $2"
}
redirections=('>&- Bad file descriptor')
if [[ -w /dev/full ]]; then redirections+=('>/dev/full No space left on device'); fi
for redirection in "${redirections[@]}"; do
  for program in pingpong introduction family twins tiles lattice; do
    lost "${redirection%% *}" "${redirection#* }" "$examples/$program" --end-time 15
    lost "${redirection%% *}" "${redirection#* }" "$examples/$program" --end-time 15 --digest-only
    lost "${redirection%% *}" "${redirection#* }" "$examples/$program" --help
  done
  lost "${redirection%% *}" "${redirection#* }" "$examples/interplanetary" --version
  lost "${redirection%% *}" "${redirection#* }" "$seed"
  STOS_OUTPUT_DIGEST_ONLY=true lost "${redirection%% *}" "${redirection#* }" "$seed"
  STOS_ENGINE_SERIAL=true lost "${redirection%% *}" "${redirection#* }" "$seed"
  for words in --help --version help 'run --help' 'nodes --help' 'plot --help'; do
    # shellcheck disable=SC2086
    lost "${redirection%% *}" "${redirection#* }" "$stos" $words
  done
done

# A trace does not get what was meant for a closed descriptor.
sh -c '"$@" >&- 2>&-' x "$examples/pingpong" --end-time 6 --trace "$work/closed" </dev/null || true
"$examples/pingpong" --end-time 6 --trace "$work/open" >"$work/run.out"
cmp "$work/closed" "$work/open" || fail "a trace has other lines in it"

# ---- traces that cannot be written ----------------------------------------------------------------

for engine in --serial '--workers 2'; do
  # shellcheck disable=SC2086
  run 1 "$lattice" $engine --end-time 1e9 --trace "$work/no/folder" # at once
  says err 'lattice: error: io_error: cannot write the trace to'
  if [[ -w /dev/full ]]; then
    # shellcheck disable=SC2086
    run 1 "$examples/pingpong" $engine --trace /dev/full
    says err 'cannot write the trace to /dev/full: No space left on device'
    says err 'digest          db75846d18d381b9'
    # shellcheck disable=SC2086
    STOS_LIMITS_TRACE_EVENTS_MAX=7 run 1 "$examples/pingpong" $engine --trace /dev/full
    says err 'trace_full: '
    says err 'besides, cannot write the trace to /dev/full: No space left on device'
  fi
done
run 1 "$stos" run -n 2 "$lattice" --end-time 1e9 --trace "$work/no/folder"
for k in 1 2; do says err "node$k | lattice: error: "; done
says err 'cannot write the trace to'

# ---- signals --------------------------------------------------------------------------------------

# interrupt SIGNAL COMMAND...: it runs for ever, and gets SIGNAL once it has opened its trace.
interrupt() {
  rm -f "$work/trace"
  env --default-signal=INT,TERM "${@:2}" --end-time 1e9 --trace "$work/trace" \
    >"$work/run.out" 2>"$work/run.err" &
  local process=$! code=0
  wait_until 60 test -e "$work/trace"
  kill -"$1" $process
  wait $process || code=$?
  ((code == 128 + $(kill -l "$1"))) || fail "after SIG$1 '${*:2}' ended with $code"
  says err "simulation failed: interrupted: SIG$1 has ended the run"
  says err 'events          '
  says err '(of what had happened when the run ended early)'
  [[ $(head -n 1 "$work/trace" | cut -f 1-2) == $'kind\tagent' ]] || fail "no trace after SIG$1"
  # It ends where the run did, and with a whole line.
  [[ $(tail -n 1 "$work/trace" | awk -F '\t' '{ print NF }') == 19 && -z $(tail -c 1 "$work/trace") ]] ||
    fail "the trace is cut off after SIG$1"
}
for name in INT TERM; do
  for engine in --serial '--workers 1' '--workers 2'; do
    # shellcheck disable=SC2086
    interrupt $name "$lattice" $engine
  done
  interrupt $name "$stos" run -n 2 "$lattice"
  for k in 1 2; do says err "node$k | lattice: error: simulation failed: interrupted: SIG$name"; done
done
# In the first moments the nodes agree on much, and one may hear of the signal in the middle of it.
for delay in 0.0{00..20..2}; do
  rm -f "$work/trace"
  env --default-signal=INT "$stos" run -n 2 "$lattice" --end-time 1e9 --trace "$work/trace" \
    >"$work/run.out" 2>"$work/run.err" &
  process=$! code=0
  wait_until 60 test -e "$work/trace"
  sleep "$delay"
  kill -INT $process
  wait $process || code=$?
  ((code == 130)) || fail "after SIGINT $delay s later 'stos run -n 2 lattice' ended with $code"
done
# Static calls alone, and a program whose signals are its own business.
rm -f "$work/trace"
STOS_SIMULATION_END_TIME=1e9s STOS_OUTPUT_TRACE_PATH=$work/trace \
  env --default-signal=INT "$seed" >/dev/null 2>"$work/run.err" &
process=$! code=0
wait_until 60 test -e "$work/trace"
kill -INT $process
wait $process || code=$?
((code == 130)) || fail "after SIGINT spacetimeos ended with $code"
says err 'spacetimeos: error: simulation failed: interrupted: SIGINT has ended the run'

# ---- locales --------------------------------------------------------------------------------------

locale=$STOS_BUILD_DIR/tests/system/foreign_locale
for kind in plain foreign; do
  STOS_OUTPUT_TRACE_PATH=$work/$kind STOS_SIMULATION_END_TIME=250.5s STOS_OUTPUT_PROGRESS=never \
    run 0 "$locale" $kind
  sed 's/^wall time.*//; s/^parallel.*//' "$work/run.err" >"$work/$kind.err"
  mv "$work/run.out" "$work/$kind.out"
done
cmp "$work/plain" "$work/foreign" || fail "the trace depends on the locale"
diff "$work/plain.err" "$work/foreign.err" || fail "the summary depends on the locale"
diff "$work/plain.out" "$work/foreign.out" || fail "an error text depends on the locale"
grep -qF -- '-1234.5' "$work/plain.out" || fail "a number looks strange"
"$stos" plot "$work/foreign" --events-max 100000 -o "$work/picture.svg"

# ---- too few threads ------------------------------------------------------------------------------

if ((slower == 1)); then # sanitizers reserve more memory than that
  run 1 bash -c "ulimit -v 250000; exec '$examples/pingpong' --workers 256"
  says err 'pingpong: error: no_threads: cannot start 256 workers: '
  STOS_ENGINE_WORKERS=256 run 1 bash -c "ulimit -v 250000; exec '$seed'"
  says err 'spacetimeos: error: no_threads: cannot start 256 workers: '
  STOS_ENGINE_WORKERS=256 run 1 bash -c "ulimit -v 250000; exec '$stos' run -n 2 '$examples/pingpong'"
  for k in 1 2; do says err "node$k | pingpong: error: no_threads: cannot start 256 workers: "; done
  # Only an ordinary user has a limit of processes.
  as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  if ((UID == 0)) && "${as_nobody[@]}" "$examples/pingpong" --digest-only >"$work/run.out" 2>&1; then
    for limit in 1 2 3 4 5; do
      run 1 "${as_nobody[@]}" bash -c "ulimit -u $limit; exec '$examples/pingpong' --workers 2"
      says err 'cannot start 2 workers: '
      run 1 "${as_nobody[@]}" bash -c "ulimit -u $limit; STOS_DISTRIBUTED=true STOS_CLUSTER_NODES=1 \
        STOS_CLUSTER_ADDRESS=127.0.0.1:0 exec '$examples/pingpong' --workers 2"
      says err 'cannot start 2 workers: '
    done
    for limit in 8 9 10 11 12 13 14 15 16 17 18 20 25; do # one or the other, and no crash
      code=0
      timeout 60 "${as_nobody[@]}" bash -c "ulimit -u $limit; exec '$examples/pingpong' --workers 2" \
        >"$work/run.out" 2>"$work/run.err" || code=$?
      ((code == 0)) || says err 'cannot start 2 workers: '
    done
  fi
fi

echo "endings: ok"
