# What programs do with a cluster themselves, in real processes: several simulations at once, and a
# placement of their own.
# timeout: 300
# alone
set -euo pipefail

stos=$STOS_BUILD_DIR/bin/stos
programs=$STOS_BUILD_DIR/tests/system
work=$(mktemp -d)
trap 'kill -KILL $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$STOS_SOURCE_DIR"

test=simulations
source tests/system/waiting.bash

# ---- a placement of the program's own -------------------------------------------------------------

# on_nodes N PROGRAM OPTION...: the exit code of the program on N nodes; $work/run.out is its output.
on_nodes() {
  local code=0
  timeout $((60 * slower)) "$stos" run -n "$1" "$programs/$2" "${@:3}" \
    >"$work/run.out" 2>"$work/run.err" || code=$?
  echo "$code"
}

# Each of five agents lives with 20 generations after it, where its first ancestor was put.
digest=$("$programs/own_placement" --serial | sed 's/.* //')
for nodes in 2 3; do
  (($(on_nodes $nodes own_placement) == 0)) || fail "own_placement ends badly on $nodes nodes"
  for ((node = 1; node <= nodes; ++node)); do
    case $node in
      1) wanted='left 0 right 63' ;;
      "$nodes") wanted='left 42 right 0' ;;
      *) wanted='left 0 right 0' ;;
    esac
    grep -qxF "node$node | $wanted $digest" "$work/run.out" ||
      fail "node$node of $nodes does not say '$wanted $digest'"
  done
done
(($(on_nodes 3 own_placement --left-node 2) == 0)) || fail "own_placement ends badly on 3 nodes"
grep -qxF "node2 | left 42 right 0 $digest" "$work/run.out" || fail "node 2 does not have the left side"

# A node that is not there is refused; `stos run` ends the other nodes once one has said so.
(($(on_nodes 3 own_placement --left-node 4) != 0)) || fail "a placement on node 4 of 3 goes well"
wanted='bad_argument: a placement puts agent 0 on node 3: wanted 0 to 2'
grep -q "^node[123] | .*$wanted" "$work/run.err" || fail "nobody says '$wanted'"

# ---- several simulations at once ------------------------------------------------------------------

declare -A alone
while read -r name outcome; do alone[$name]=$outcome; done \
  < <("$programs/simulations_at_once" --serial)

# Says where it is reached before it becomes a node of the simulations.
cat >"$work/node" <<END
#!/usr/bin/env bash
echo "\$STOS_CLUSTER_ADDRESS" >"$work/address.\$STOS_CLUSTER_NODE"
echo "\$\$" >"$work/pid.\$STOS_CLUSTER_NODE"
exec "$programs/simulations_at_once" "\$@"
END
chmod +x "$work/node"

# start OPTION...: three nodes in the background.
start() {
  rm -f "$work"/{address,pid}.*
  timeout $((120 * slower)) "$stos" run -n 3 "$work/node" "$@" >"$work/run.out" 2>"$work/run.err" &
  launcher=$!
}

# shows_both NODE: the node shows both simulations on three nodes, each with all of its agents.
shows_both() {
  [[ -s $work/address.$1 ]] &&
    "$stos" simulations "$(cat "$work/address.$1")" --json >"$work/seen.out" 2>/dev/null &&
    jq -e '[.simulations[] | select(.nodes == 3) | {simulation, agents}] |
           contains([{simulation: "ring", agents: 24}, {simulation: "counters", agents: 40}])' \
      "$work/seen.out" >/dev/null
}

start
wait_until 30 shows_both node1
wait_until 30 shows_both node3
wait "$launcher" || fail "simulations_at_once ended with $?"
for node in 1 2 3; do
  for name in ring counters; do
    grep -qxF "node$node | $name ${alone[$name]}" "$work/run.out" ||
      fail "node$node does not give the digest of $name alone, ${alone[$name]}"
  done
  grep -q "^node$node | broken .*it broke" "$work/run.out" || fail "node$node does not say what broke"
done
echo "simulations: ring ${alone[ring]}, counters ${alone[counters]}, ${alone[broken]}"

# A node that is killed ends them on the others, since their agents cannot be saved; they say both.
start --end-time 1000000
wait_until 30 shows_both node1
kill -KILL "$(cat "$work/pid.node2")"
wait "$launcher" || fail "the program, which reports failures itself, ended with $?"
grep -q 'node2 was ended by signal 9' "$work/run.err" || fail "the launcher has not noticed that a node was killed"
for node in 1 3; do
  for name in ring counters; do
    grep -q "^node$node | $name node_lost: node2 is gone, and .*cannot be saved: " "$work/run.out" ||
      fail "node$node does not say of $name that node2 is gone"
  done
done

echo "simulations: ok"
