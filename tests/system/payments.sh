# Three nodes move money between accounts that they keep together, and are killed meanwhile. No cent
# is lost, and nothing that was acknowledged: not when a node is killed and started again, each of
# them in turn (so one of them led), nor when all are killed at once and have folders.
# timeout: 600
set -euo pipefail

payments=$STOS_BUILD_DIR/examples/payments
work=$(mktemp -d)
test=payments
declare -A pid
trap 'kill -KILL "${pid[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"
export XDG_STATE_HOME=$work/state
export STOS_CLUSTER_HEARTBEAT="200 ms" STOS_CLUSTER_SILENCE_TIMEOUT="3 s"

# free_ports N: so many that nobody listens on.
free_ports() {
  python3 - "$1" <<'END' 2>/dev/null || shuf -i 20000-32000 -n "$1" | tr '\n' ' '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[s.getsockname()[1] for s in sockets])
END
}

# new_cluster [N]: of so many nodes (3), with folders of their own.
new_cluster() {
  read -r -a ports < <(free_ports "${1:-3}")
  peers=$(printf '127.0.0.1:%s,' "${ports[@]}")
  rm -rf "$work"/disk* "$work"/acks* "$work"/node*
  mkdir "$work"/disk{1,2,3}
}

# start NODE OPTION...
start() {
  env "${keeps[@]//NODE/$1}" "$payments" --distributed --node "node$1" \
    --address "127.0.0.1:${ports[$1 - 1]}" --peers "${peers%,}" --seed "$1$SECONDS" \
    --log "$work/acks$1" "${@:2}" >"$work/node$1.out" 2>>"$work/node$1.err" &
  pid[$1]=$!
}
kill_node() { kill -KILL "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; }
paid() { cat "$work/acks$1" 2>/dev/null | wc -l; }
has_paid() { (($(paid "$1") > ${2:-20})); }

# ends_well TEXT: all nodes end, with all cents, and with all that was acknowledged.
ends_well() {
  local node
  for node in 1 2 3; do
    wait "${pid[$node]}" || fail "$1: node $node ended with $?"
    grep -q 'cents are there' "$work/node$node.out" || fail "$1: node $node has not counted"
    cat "$work"/acks* | awk -v out="$work/node$node.out" '
      BEGIN { while ((getline < out) > 0) if ($1 == "account") there[$2] = $6 }
      $4 > there[$2] { print "account", $2, "has lost payment", $4; bad = 1 }
      END { exit bad }' || fail "$1: node $node does not have all that was acknowledged"
  done
  echo "payments: $1: $(cat "$work"/acks* | wc -l) payments, $SECONDS s"
}

# ---- in memory ------------------------------------------------------------------------------------

keeps=(STOS_CLUSTER_JOIN=false)
new_cluster
for node in 1 2 3; do start "$node" --seconds 3; done
ends_well "nothing happens"

new_cluster
for node in 1 2 3; do start "$node" --seconds 8; done
wait_until 30 has_paid 2
kill_node 2
sleep 2
keeps=(STOS_CLUSTER_JOIN=true)
start 2 --seconds 2
ends_well "a node is killed, and another process takes its place"

keeps=(STOS_CLUSTER_JOIN=false)
new_cluster
for node in 1 2 3; do start "$node" --seconds 15; done
for node in 1 2 3; do
  wait_until 30 has_paid "$node"
  kill -STOP "${pid[$node]}"
  sleep 1
  kill -CONT "${pid[$node]}"
  wait_until 30 has_paid "$node" "$(($(paid "$node") + 1))"
done
ends_well "each node stands still in turn, shorter than it takes to be lost"

keeps=(STOS_CLUSTER_JOIN=false STOS_AGENTS_ABSENCE="2 s")
new_cluster 4
for node in 1 2 3 4; do start "$node" --seconds 300; done
for node in 1 2 3 4; do wait_until 30 has_paid "$node"; done
kill_node 4
is_out() { # the three that are left have all groups, and node 4 has none
  "$STOS_BUILD_DIR/bin/stos" groups "127.0.0.1:${ports[0]}" --json 2>"$work/groups.err" |
    jq -e 'length > 2 and all(.[]; .moves == false and (.replicas | sort) == ["node1", "node2", "node3"])' >/dev/null
}
wait_until 60 is_out
for node in 1 2 3; do wait_until 30 has_paid "$node" "$(($(paid "$node") + 20))"; done
for node in 1 2 3; do kill_node "$node"; done
echo "payments: a node stays away, and others get its replicas: $(cat "$work"/acks* | wc -l) payments, $SECONDS s"

# ---- with folders ---------------------------------------------------------------------------------

keeps=("STOS_CLUSTER_LOG=$work/diskNODE/log" "STOS_AGENTS_FOLDER=$work/diskNODE")
new_cluster
for node in 1 2 3; do start "$node" --seconds 300; done # until it is killed
for node in 1 2 3; do
  wait_until 30 has_paid "$node"
  kill_node "$node"
  sleep 1
  start "$node" --seconds 10
  wait_until 30 has_paid "$node" "$(($(paid "$node") + 20))"
done
ends_well "each node is killed in turn, and started again"

new_cluster
for times in 1 2 3; do
  for node in 1 2 3; do start "$node" --seconds 60; done
  for node in 1 2 3; do wait_until 30 has_paid "$node" $((times * 50)); done
  for node in 1 2 3; do kill -KILL "${pid[$node]}"; done
  for node in 1 2 3; do wait "${pid[$node]}" 2>/dev/null || true; done
done
for node in 1 2 3; do start "$node" --clients 0 --seconds 0; done
ends_well "all nodes are killed three times, and started again"
