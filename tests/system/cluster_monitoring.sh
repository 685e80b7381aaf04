# Three nodes that run a simulation, scraped by a real Prometheus on the shipped configuration: every
# query of the dashboard finds numbers, its agents are those of the cluster, and the digest is the one
# of a run that nobody watches. `stos` sees the same through each node; what is no node is an error; a
# node that stops is noticed by the others.
# timeout: 300
# alone
set -euo pipefail

stos=$STOS_BUILD_DIR/bin/stos
lattice=$STOS_BUILD_DIR/examples/lattice
work=$(mktemp -d)
test=cluster_monitoring
launcher=
node=() exporter=() pid=()
absent=stos_replicated_ # payments_tools.sh has those

end() {
  local one
  for one in $prometheus_pid $launcher; do kill "$one" 2>/dev/null && wait "$one" || true; done
  rm -rf "$work"
}
trap end EXIT
trap '' PIPE # of a node that ends while it is asked
. "$STOS_SOURCE_DIR/tests/system/prometheus.bash"


# Says who it is before it becomes a node of the simulation.
cat >"$work/node" <<END
#!/usr/bin/env bash
echo "\$STOS_CLUSTER_ADDRESS" >"$work/address.\$STOS_CLUSTER_NODE"
echo "\$\$" >"$work/pid.\$STOS_CLUSTER_NODE"
exec "$lattice" "\$@"
END
chmod +x "$work/node"

answers() { "$stos" nodes "${node[$1]}" >/dev/null 2>&1; }

# start_cluster OPTION...: three nodes. `node[k]` is where node k listens, `exporter[k]` where its
# metrics are, `pid[k]` its process.
start_cluster() {
  rm -f "$work"/address.* "$work"/pid.* "$work"/cluster.{out,log}
  STOS_MONITORING_MEMORY_LIMIT_BYTES=17179869184 timeout 250 "$stos" run -n 3 \
    --monitoring 127.0.0.1:0 "$work/node" "$@" >"$work/cluster.out" 2>"$work/cluster.log" &
  launcher=$!
  local k
  for k in 1 2 3; do
    wait_until 60 grep -qs "^node$k | stos: metrics exposed" "$work/cluster.log"
    exporter[k]=$(sed -n "s/^node$k | stos: metrics exposed address=//p" "$work/cluster.log")
    node[k]=$(cat "$work/address.node$k")
    pid[k]=$(cat "$work/pid.node$k")
    wait_until 60 answers $k # metrics are exposed before the node listens
  done
}
end_cluster() {
  kill "$launcher" 2>/dev/null && wait "$launcher" || true
  launcher=
}

# ask SUBCOMMAND NODE FILTER: what jq finds in the answer, without quotes.
ask() { "$stos" "$1" "${node[$2]}" --json | jq -r "$3"; }
is_running() { [[ $(ask simulations "$1" '.simulations[0].events // 0') -gt 0 ]]; }

# ---- a cluster that goes on, and a Prometheus -----------------------------------------------------

STOS_SNAPSHOT_EVERY="2 s wall" STOS_SNAPSHOT_PATH='' start_cluster --agents 10000 --end-time 1000000 --observe 10
for k in 1 2 3; do wait_until 60 is_running $k; done
grep -qxF "stos run: watch the nodes with: stos top ${node[1]}" "$work/cluster.log" ||
  fail "stos run does not say where the nodes are"

start_prometheus "${exporter[@]}"
for k in 1 2 3; do
  get "${exporter[k]}" /metrics | promtool check metrics >"$work/check.log" 2>&1 ||
    fail "metrics of node$k are not as Prometheus wants them"
done
check_dashboard default
check_rules 3

has_data 'min(stos_view_members) == 3 and max(stos_view_members) == 3' || fail "the view has other nodes"
has_data 'sum(stos_log_leads) == 1' || fail "not one node leads the log"
has_data 'sum(stos_model_agents{observer="hops"}) == 10000' || fail "the observer has counted other agents"
has_data 'sum(stos_recoveries_total) == 0' || fail "nothing has happened, and the run has gone on"

agents_in_cluster() {
  ask agents 2 '.simulations[].nodes[] | .node as $node | .types | to_entries[] | "\($node) \(.key) \(.value)"' |
    LC_ALL=C sort
}
agents_agree() { [[ $(agents_in_prometheus) == "$(agents_in_cluster)" ]]; }
[[ $(agents_in_cluster | awk '{ sum += $3 } END { print NR, sum }') == "3 10000" ]] ||
  fail "the cluster has other agents than expected: $(agents_in_cluster)"
wait_until 60 agents_agree

# Many of them move at once, while the run goes on.
moved=$("$stos" migrate "${node[2]}" --from node1 --to node3 --count 3000 --json)
[[ $(jq -r '.moved' <<<"$moved") == 3000 ]] || fail "3000 agents were to move: $moved"
[[ $(agents_in_cluster) == $'node1 Site 333\nnode2 Site 3334\nnode3 Site 6333' ]] ||
  fail "agents are not where they have moved: $(agents_in_cluster)"
wait_until 60 agents_agree
has_data 'sum by (node) (stos_migrations_total{node="node1", result="done"}) == 3000' ||
  fail "node1 has not counted who moved"
has_data 'sum(stos_migrations_total) == 3000' || fail "moves were counted that nobody asked for"
has_data 'sum(stos_agents_born_total) == 10000' || fail "who moves is born again"
kill "$prometheus_pid" && wait "$prometheus_pid" || true
prometheus_pid=

# ---- the same through each node -------------------------------------------------------------------

for k in 1 2 3; do
  [[ $(ask nodes $k '.told_by, .nodes_wanted, ([.nodes[] | select(.lost | not)] | length)' | paste -sd' ') == \
     "node$k 3 3" ]] || fail "node$k does not know all nodes"
  [[ $(ask simulations $k '.simulations[] | "\(.simulation) \(.nodes) \(.agents) \(.end_time_s)"') == \
     "default 3 10000 1000000" ]] || fail "node$k does not know the simulation"
done
"$stos" top "${node[3]}" --once --json --interval 0.5 >"$work/top.json"
jq -e '.simulations[0] | .total.events_per_second > 0 and (.nodes | length == 3) and
       all(.nodes[]; .events_per_second > 0 and .processors > 0 and (.peers | length == 2) and
           all(.peers[]; .lambdas_sent > 0 and .lambdas_received > 0))' "$work/top.json" >/dev/null ||
  fail "stos top does not show all rates"
"$stos" top "${node[2]}" --json --interval 0.2 | head -n 3 >"$work/top.json" || fail "stos top ended with $?"
[[ $(jq -s 'map(.simulations[0].total.running_s) | length == 3 and . == (sort | unique)' "$work/top.json") == true ]] ||
  fail "stos top --json does not show one look a line"
"$stos" top "${node[3]}" --once | grep -Eq '^node2 +3334 ' || fail "stos top shows no line of node2"
"$stos" agents "${node[1]}" --by-type | grep -Eq '\(all\) +10000 +Site$' || fail "stos agents is wrong"

# What is no node, or is not there, ends soon.
refused() {
  local code=0
  timeout 30 "$stos" nodes "$1" --timeout 2 >"$work/refused.log" 2>&1 || code=$?
  ((code == 1)) || fail "'stos nodes $1' ended with $code"
  grep -qF "node at $1: $2" "$work/refused.log" || fail "not the error that was wanted for $1"
}
refused "${exporter[1]}" "who listens there is no node of libstos"
refused 127.0.0.1:1 "no process listens there"
refused no-such-host.invalid:4242 "the name no-such-host.invalid does not resolve"
kill -STOP "${pid[1]}"
refused "${node[1]}" "no answer came in time"

# ---- a node that stops is noticed -----------------------------------------------------------------

is_silent() { [[ $(ask nodes 2 '.alerts[] | select(.type == "node_silent") | .node') == node1 ]]; }
wait_until 60 is_silent
for k in 2 3; do
  wait_until 60 grep -q "^node$k | stos: alert type=node_silent simulation=default node=node1 " \
    "$work/cluster.log"
done
kill -CONT "${pid[1]}"
is_well() { [[ $(ask nodes 2 '.alerts | length') == 0 ]]; }
wait_until 60 is_well
[[ $(ask nodes 1 '[.log[] | select(.text | startswith("alert type=node_silent")) | .node] | sort | join(" ")') == \
   "node2 node3" ]] || fail "not both of the others have told that node1 was silent"
end_cluster

# ---- who watches changes nothing ------------------------------------------------------------------

digest=$("$lattice" --agents 10000 --end-time 2000 --workers 2 --digest-only)
start_cluster --agents 10000 --end-time 2000 --digest-only
looks=0
while "$stos" top "${node[1]}" --once --json --interval 0.1 >"$work/top.json" 2>"$work/top.log"; do
  get "${exporter[2]}" /metrics >"$work/metrics" 2>"$work/metrics.log" || true
  looks=$((looks + 1))
done
wait "$launcher" || fail "a cluster that is watched ended with $?"
launcher=
((looks >= 2)) || fail "only $looks looks found the cluster"
[[ $(cut -d ' ' -f 3 "$work/cluster.out" | sort -u) == "$digest" ]] || fail "looks changed the digest"

echo "cluster_monitoring: ok, $queries queries, $looks looks"
