# What cannot work ends soon, with a clear error and a non-zero exit: nothing hangs, nothing crashes.
# timeout: 300
set -euo pipefail

lattice=$STOS_BUILD_DIR/examples/lattice
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# expect CODE TEXT COMMAND...: the command ends with CODE and says TEXT.
expect() {
  local code=$1 text=$2 seen=0
  shift 2
  timeout 100 "$@" >"$work/out" 2>&1 || seen=$?
  if [ "$seen" != "$code" ] || ! grep -q -- "$text" "$work/out"; then
    echo "faults: '$*' ended with $seen, expected $code and '$text':" >&2
    tail -5 "$work/out" >&2
    exit 1
  fi
  echo "faults: $(tail -1 "$work/out")"
}

small="--agents 1000 --end-time 5"
expect 2 "unknown" "$lattice" --no-such-option
expect 2 "workers" "$lattice" --workers 5000
printf 'engine:\n  wrokers: 2\n' >"$work/typo.yaml"
expect 2 "typo.yaml:2" "$lattice" --config "$work/typo.yaml"
printf 'distributed: true\nengine:\n  serial: true\n' >"$work/many.yaml"
expect 2 "at least one worker" "$lattice" --config "$work/many.yaml"
expect 2 "has no port" "$lattice" --distributed --address localhost
printf 'limits:\n  mailbox_lambdas_max: 1\n' >"$work/full.yaml"
expect 1 "mailbox_lambdas_max" "$lattice" $small --config "$work/full.yaml"
printf 'limits:\n  trace_events_max: 100\n' >"$work/trace.yaml"
expect 1 "trace_events_max" "$lattice" $small --config "$work/trace.yaml" --trace "$work/trace"
expect 1 "cannot write the trace" "$lattice" $small --trace "$work/no/such/folder"

# A million agents do not fit into 300 MB. Sanitizers reserve more than that for themselves.
if ! grep -q '^STOS_SANITIZER:[A-Z]*=.' "$STOS_BUILD_DIR/CMakeCache.txt"; then
  for workers in 0 2; do
    expect 1 "out of memory" \
      bash -c "ulimit -v 300000; exec $lattice --agents 1000000 --end-time 5 --workers $workers"
  done
fi
