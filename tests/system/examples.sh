# Each example has one digest, and one trace, on every engine; and what it checks by itself holds.
# timeout: 300
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
  echo "examples: $*" >&2
  failures=$((failures + 1))
}

# one_digest <program> <option>...
one_digest() {
  local program=$1 oracle='' digest engine
  for engine in "--serial" "--workers 1" "--workers 2" "--workers 4"; do
    # shellcheck disable=SC2086
    digest=$("$STOS_BUILD_DIR/examples/$program" "${@:2}" --digest-only $engine) ||
      { fail "$* $engine: exit code $?"; continue; }
    [[ $digest =~ ^[0-9a-f]{16}$ ]] || fail "$* $engine: printed '$digest' with --digest-only"
    oracle=${oracle:-$digest}
    [[ $digest == "$oracle" ]] || fail "$* $engine: digest $digest, serial $oracle"
  done
  echo "examples: $* $oracle"
}

# one_trace <program> <option>...
one_trace() {
  local program=$STOS_BUILD_DIR/examples/$1
  "$program" "${@:2}" --digest-only --serial --trace "$work/serial" >"$work/out"
  "$program" "${@:2}" --digest-only --workers 2 --trace "$work/workers" >"$work/out"
  cmp "$work/serial" "$work/workers" || fail "$*: traces differ"
}

cd "$STOS_SOURCE_DIR"
programs=()
for source in examples/*.cpp examples/*/main.cpp; do
  [[ -e $source ]] || continue
  [[ $source != */spacetimeos.cpp ]] || continue # it has no options: see first_program.sh
  # No simulations: payments.sh and replicated_examples.sh.
  [[ $source != */account.cpp && $source != */payments.cpp && $source != */presence.cpp ]] || continue
  name=${source#examples/}
  name=${name%/main.cpp}
  programs+=("${name%.cpp}")
done
((${#programs[@]} > 0)) || fail "there are none"

for program in "${programs[@]}"; do
  one_digest "$program"
done

# The same with other options, for programs that take part of their outcome from them.
for program in pingpong introduction family; do
  one_digest "$program" --end-time 7.5
  one_trace "$program" --end-time 12
done
one_trace twins
one_trace tiles
one_trace lattice --end-time 5
one_digest lattice --seed 42 --tokens 3 --end-time 10
one_digest lattice --agents 10000

exit $((failures > 0))
