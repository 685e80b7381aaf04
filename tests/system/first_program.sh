# The first promise: a program that is nothing but the lines of SpaceTimeOS runs as its environment
# says, on any engine and any number of nodes, with one digest; and it says how it ended.
# timeout: 300
set -euo pipefail

test=first_program
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"

stos=$STOS_BUILD_DIR/bin/stos
seed=$STOS_BUILD_DIR/examples/spacetimeos
calls=$STOS_BUILD_DIR/tests/system/static_calls
digest=db75846d18d381b9

# run CODE VARIABLE=VALUE... PROGRAM...: ends with CODE; $work/run.out and $work/run.err are what it
# wrote.
run() {
  local wanted=$1 code=0
  shift
  timeout $((60 * slower)) env "$@" >"$work/run.out" 2>"$work/run.err" </dev/null || code=$?
  ((code == wanted)) || fail "'$*' ended with $code, wanted $wanted"
}
says() { grep -qF -- "$2" "$work/run.$1" || fail "no word of '$2' in $1"; }

# ---- README shows what is built -------------------------------------------------------------------

diff <(sed -n '/^```cpp$/,/^```$/p' "$STOS_SOURCE_DIR/README.md" | sed '1d; /^```$/,$d') \
     <(sed -n '/^#include/,$p' "$STOS_SOURCE_DIR/examples/spacetimeos.cpp") ||
  fail "the first program of README.md is not examples/spacetimeos.cpp"

# ---- one digest -----------------------------------------------------------------------------------

for engine in STOS_ENGINE_SERIAL=true STOS_ENGINE_WORKERS={0,1,2,4} STOS_CLUSTER_NODE=unused; do
  run 0 $engine STOS_OUTPUT_DIGEST_ONLY=true "$seed"
  [[ $(tail -n 1 "$work/run.out") == "$digest" && ! -s $work/run.err ]] || fail "another digest: $engine"
done
run 0 "$seed"
says err "digest          $digest"
says err "2 workers"
[[ $(wc -l <"$work/run.out") == 100 ]] || fail "it printed more than its pings"
grep -qv '^Ping from ' "$work/run.out" && fail "it printed something else than its pings"

printf 'simulation:\n  end_time: 6 s\nengine:\n  workers: 1\noutput:\n  trace_path: %s\n' \
  "$work/trace" >"$work/stos.yaml"
run 0 STOS_CONFIG="$work/stos.yaml" "$seed"
says err "1 worker,"
"$STOS_BUILD_DIR/examples/pingpong" --end-time 6 --serial --trace "$work/wanted" >"$work/run.out"
cmp "$work/trace" "$work/wanted" || fail "another trace than that of pingpong"
run 0 STOS_CONFIG="$work/stos.yaml" STOS_ENGINE_SERIAL=true STOS_SIMULATION_END_TIME=9s "$seed"
says err "engine          serial"
says err "events          8 "

run 0 STOS_MONITORING_ADDRESS=127.0.0.1:0 "$seed"
grep -q '^stos: metrics exposed address=127.0.0.1:[1-9]' "$work/run.err" || fail "where are its metrics?"

# ---- as nodes -------------------------------------------------------------------------------------

run 0 STOS_OUTPUT_DIGEST_ONLY=true "$stos" run -n 3 "$seed"
for k in 1 2 3; do says out "node$k | $digest"; done
[[ $(grep -c 'Ping from' "$work/run.out") == 102 ]] || fail "the first ping on each node, 99 on one"
run 0 STOS_CONFIG="$work/stos.yaml" "$stos" run -n 2 "$seed"
says err "node2 | engine          2 nodes"
cmp "$work/trace" "$work/wanted" || fail "another trace on two nodes"
printf 'distributed: true\ncluster:\n  address: 127.0.0.1:0\n  nodes: 1\n' >"$work/one.yaml"
run 0 STOS_CONFIG="$work/one.yaml" STOS_OUTPUT_DIGEST_ONLY=true "$seed"
says out "$digest"

# ---- what cannot work is said ---------------------------------------------------------------------

run 2 STOS_ENGINE_WROKERS=2 "$seed"
says err 'spacetimeos: error: environment: unknown variable "STOS_ENGINE_WROKERS"; did you mean'
run 2 STOS_ENGINE_WORKERS=many "$seed"
says err 'STOS_ENGINE_WORKERS: "many"'
run 2 STOS_CONFIG="$work/no.yaml" "$seed"
says err 'no.yaml: cannot read the configuration: No such file'
run 2 STOS_DISTRIBUTED=true STOS_ENGINE_SERIAL=true "$seed"
says err 'needs at least one worker'
run 1 STOS_OUTPUT_TRACE_PATH="$work/no/folder" "$seed"
says err 'spacetimeos: error: io_error: cannot write the trace'
run 1 STOS_LIMITS_TRACE_EVENTS_MAX=3 STOS_OUTPUT_TRACE_PATH=/dev/null "$seed"
says err 'spacetimeos: error: simulation failed: trace_full'
run 1 STOS_LIMITS_TRACE_EVENTS_MAX=3 STOS_OUTPUT_TRACE_PATH=/dev/null "$stos" run -n 2 "$seed"
for k in 1 2; do says err "node$k | spacetimeos: error: simulation failed: trace_full"; done

# ---- other programs of static calls ---------------------------------------------------------------

run 0 STOS_OUTPUT_TRACE_PATH="$work/runs" "$calls" thrice
[[ $(paste -sd, "$work/run.out") == 9,19,29,done ]] || fail "not three runs"
[[ $(grep -c '^digest ' "$work/run.err") == 3 ]] || fail "not three summaries"
for file in runs runs.2 runs.3; do [[ -s $work/$file ]] || fail "no trace $file"; done
run 0 STOS_OUTPUT_DIGEST_ONLY=true "$calls" thrice
cp "$work/run.out" "$work/one_node.out"
run 0 STOS_OUTPUT_DIGEST_ONLY=true "$stos" run -n 2 "$calls" thrice
for k in 1 2; do
  sed -n "s/^node$k | //p" "$work/run.out" | cmp - "$work/one_node.out" || fail "other runs on nodes"
done

run 1 "$calls" burst
says err 'static_calls: error: simulation failed: model_exception: agent '
says err 'the ball has burst'
for engine in SERIAL=true WORKERS=1; do
  run 1 STOS_ENGINE_$engine "$calls" burst
  says err 'the ball has burst'
done
run 1 "$stos" run -n 2 "$calls" burst
for k in 1 2; do says err "node$k | static_calls: error: simulation failed: model_exception"; done
run 0 "$calls" catch
says out 'caught: simulation failed: model_exception'
run 0 STOS_ENGINE_WORKERS=no "$calls" catch
says out 'caught: bad_config: environment: STOS_ENGINE_WORKERS'
run 7 "$calls" handler
says out 'my own end'
run 134 "$calls" foreign # as in any program
says err 'not of libstos'
run 0 STOS_ENGINE_SERIAL=true "$calls" configured # it has decided otherwise
[[ ! -s $work/run.err ]] || fail "a program that configures its simulation tells by itself"
run 0 "$calls" main --serial --end-time 5 --trace "$work/main"
[[ $(cat "$work/run.out") == 4 && -s $work/main && ! -s $work/run.err ]] ||
  fail "static calls within run_main() do not have its options"

echo "first_program: ok"
