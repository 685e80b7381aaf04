#!/usr/bin/env bash
# What it costs to be two processes: the lattice, dense and sparse, on two nodes with one worker each, against
# one node with two workers, in turns; and the same with 50 microseconds of work in each event. Prints the
# median of the ratio of their rates. Then how long a year of `interplanetary` takes on several nodes, next to
# one worker. Runs take some seconds, so that what it takes to begin them does not count for much.
#
# usage: bench/nodes.sh [PAIRS]      (default 5; needs build/release)
set -euo pipefail
cd "$(dirname "$0")/.."

pairs=${1:-5}
lattice=build/release/examples/lattice
stos=build/release/bin/stos
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export STOS_CLUSTER_PLACEMENT=graph

# Rounds of work of 50 us on this machine.
calibrate() {
  local rounds=20000
  "$lattice" --agents 1000 --end-time 5 --workers 1 --work $rounds >"$work/log"
  awk -v rounds=$rounds '/^hops/ { match($0, /\(.* hops/); rate = substr($0, RSTART + 1) + 0
                                   printf "%.0f", rounds * 50e-6 * rate }' "$work/log"
}

# hops/s as the first node says, and its digest.
rate() { awk '/hops\/s/ { match($0, /\(.* hops/); print substr($0, RSTART + 1) + 0; exit }' "$1"; }
digest() { awk '/model digest/ { for (i = 1; i <= NF; ++i) if ($i == "digest") print $(i + 1); exit }' "$1"; }

compare() {
  local name=$1
  shift
  : >"$work/ratios"
  for ((pair = 0; pair < pairs; ++pair)); do
    for side in $([[ $((pair % 2)) == 0 ]] && echo one two || echo two one); do
      case $side in
        one) "$lattice" "$@" --workers 2 >"$work/one" ;;
        two) "$stos" run -n 2 "$lattice" "$@" --workers 1 >"$work/two" 2>/dev/null ;;
      esac
    done
    [[ $(digest "$work/one") == "$(digest "$work/two")" ]] ||
      { echo "nodes: two nodes have another digest than one" >&2; exit 1; }
    echo "$(rate "$work/one") $(rate "$work/two")" >>"$work/ratios"
  done
  awk '{ print $2 / $1, $1, $2 }' "$work/ratios" | sort -n | awk -v name="$name" '
    { ratio[NR] = $1; one[NR] = $2; two[NR] = $3 }
    END { m = int((NR + 1) / 2); printf "%-40s %12.0f %12.0f %6.2f  (%.2f to %.2f)\n",
          name, one[m], two[m], ratio[m], ratio[1], ratio[NR] }'
}

heavy=$(calibrate)
printf '%-40s %12s %12s %6s\n' workload '1 x 2 hops/s' '2 x 1 hops/s' ratio
compare '10k agents, 1 token' --agents 10000 --tokens 1 --end-time 1000
compare '100k agents, 1 token' --agents 100000 --tokens 1 --end-time 200
compare '100k agents, 16 tokens' --agents 100000 --tokens 16 --end-time 40
compare '1k agents, 50 us of work' --agents 1000 --end-time 50 --work "$heavy"
compare '10k agents, 50 us of work' --agents 10000 --end-time 5 --work "$heavy"

year=build/release/examples/interplanetary
wall() { awk '/wall time/ { for (i = 1; i <= NF; ++i) if ($i == "time") print $(i + 1); exit }' "$1"; }
"$year" --workers 1 >"$work/one"
alone=$(wall "$work/one")
for nodes in 2 3 5; do
  "$stos" run -n "$nodes" "$year" --workers 1 >"$work/several" 2>/dev/null
  printf 'interplanetary, %d nodes: %.2f times the %.1f s of one worker\n' "$nodes" \
    "$(awk "BEGIN { print $(wall "$work/several") / $alone }")" "$alone"
done
