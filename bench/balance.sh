#!/usr/bin/env bash
# What it is worth that agents move between nodes: three nodes, each with a third of a processor, run
# work that wanders (stos_hot_spot), and nothing moves, or cluster.balance says how.
#
# usage: bench/balance.sh [ROUNDS [OPTION OF stos_hot_spot]...]
#
# As root: it makes control groups of the processor (version 1). All runs are in turn, so that a busy
# machine disturbs all alike.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3}
program=build/release/bench/stos_hot_spot
groups=/sys/fs/cgroup/cpu
[[ -w $groups ]] || { echo "balance.sh: no $groups that can be written to" >&2; exit 77; }
[[ -x $program ]] || { echo "balance.sh: first, make bench" >&2; exit 1; }
work=$(mktemp -d)
cleanup() {
  local k
  for k in 1 2 3; do
    while read -r process; do kill -KILL "$process" 2>/dev/null || true; done \
      <"$groups/stos-balance-$k/cgroup.procs" 2>/dev/null || true
    rmdir "$groups/stos-balance-$k" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap cleanup EXIT

for k in 1 2 3; do
  mkdir -p "$groups/stos-balance-$k"
  echo 20000 >"$groups/stos-balance-$k/cpu.cfs_period_us"
  echo 6600 >"$groups/stos-balance-$k/cpu.cfs_quota_us"
done

# run RULE OPTION...: seconds, digest, moves.
run() {
  local rule=$1 base=$((20000 + RANDOM % 20000)) k began
  shift
  began=$(date +%s.%N)
  for k in 1 2 3; do
    STOS_CLUSTER_BALANCE=$rule sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$groups/stos-balance-$k" \
      "$program" "$@" --workers 1 --distributed --node "n$k" --address "127.0.0.1:$((base + k))" \
      --peers "127.0.0.1:$((base + 1)),127.0.0.1:$((base + 2)),127.0.0.1:$((base + 3))" \
      >"$work/out$k" 2>"$work/err$k" &
  done
  wait
  printf '%-12s %8.2f s  %s  %s\n' "$rule" "$(echo "$(date +%s.%N) - $began" | bc)" \
    "$(awk '$1 == "digest" { print $2 }' "$work/out1")" "$(grep -c 'agents move' "$work/err1" || true) times"
}

for ((round = 0; round < rounds; ++round)); do
  for rule in none diffusion repartition; do run "$rule" "${@:2}"; done
done
