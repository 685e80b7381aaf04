# Many nodes: outcome, trace and output of one node; and what goes wrong ends soon, with a clear
# error on the nodes that are left.
# timeout: 600
# alone
set -euo pipefail

stos=$STOS_BUILD_DIR/bin/stos
examples=$STOS_BUILD_DIR/examples
work=$(mktemp -d)
trap 'kill -KILL $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$STOS_SOURCE_DIR"

test=cluster
source tests/system/waiting.bash

# ---- one outcome ----------------------------------------------------------------------------------

# on_nodes N PROGRAM OPTION...: the program ends well on all of N nodes; $work/run.out is its output.
on_nodes() {
  timeout $((60 * slower)) "$stos" run -n "$1" "$examples/$2" "${@:3}" \
    >"$work/run.out" 2>"$work/run.err" || fail "'stos run -n $*' ended with $?"
  ! grep -qv '^stos run: watch the nodes with: stos top ' "$work/run.err" ||
    fail "'stos run -n $*' complained"
}

# words_of K: the output of node K.
words_of() { sed -n "s/^node$1 | //p" "$work/run.out"; }

# same_digest N PROGRAM OPTION...: all of N nodes print the digest of the serial engine.
declare -A digest
same_digest() {
  local wanted=${digest["${*:2}"]:-} node
  if [[ -z $wanted ]]; then
    wanted=$("$examples/$2" "${@:3}" --serial --digest-only)
    digest["${*:2}"]=$wanted
  fi
  on_nodes "$1" "${@:2}" --digest-only
  for ((node = 1; node <= $1; ++node)); do
    [[ $(words_of "$node") == "$wanted" ]] ||
      fail "node$node of $1 printed '$(words_of "$node")', the serial digest of ${*:2} is $wanted"
  done
}

# same_trace N PROGRAM OPTION...
same_trace() {
  "$examples/$2" "${@:3}" --serial --digest-only --trace "$work/serial" >/dev/null
  on_nodes "$1" "${@:2}" --digest-only --trace "$work/nodes"
  cmp "$work/serial" "$work/nodes" || fail "the trace of ${*:2} on $1 nodes is another one"
  rm "$work/nodes"
}

# What a program says but for who computed it, and how long it took.
outcome() { grep -v -e '^engine ' -e '^wall time ' -e '^parallel ' -e '^network ' | sed 's/([0-9.e+]* hops.s)//'; }

# same_words N PROGRAM OPTION...: all of N nodes print what one process prints.
same_words() {
  local node
  "$examples/$2" "${@:3}" --serial | outcome >"$work/serial.out"
  on_nodes "$@"
  for ((node = 1; node <= $1; ++node)); do
    words_of "$node" | outcome | diff "$work/serial.out" - ||
      fail "node$node of $1 says something else than one process: ${*:2}"
  done
}

for program in pingpong introduction family twins tiles lattice; do
  workers=1
  for placement in round_robin block hilbert graph; do
    export STOS_CLUSTER_PLACEMENT=$placement
    for nodes in 2 3; do
      STOS_ENGINE_WORKERS=$workers same_digest $nodes $program
      workers=$((3 - workers)) # one, two, two, one, ...
    done
    workers=$((3 - workers))
  done
  unset STOS_CLUSTER_PLACEMENT
  echo "cluster: $program ${digest["$program"]}"
done
same_digest 5 pingpong
same_digest 5 lattice
same_digest 2 lattice --agents 10000 --end-time 20
same_digest 3 lattice --agents 10000 --end-time 20
for placement in round_robin block hilbert graph; do
  STOS_CLUSTER_PLACEMENT=$placement same_digest 3 interplanetary --days 3
done
same_digest 5 interplanetary --days 3

# Agents that move to other nodes at random, one and many at a time, change nothing of that.
for program in pingpong introduction family twins tiles lattice 'interplanetary --days 1'; do
  for moves in 10 1000; do
    export STOS_CLUSTER_RANDOM_MOVES=$moves
    for nodes in 2 3 5; do STOS_ENGINE_WORKERS=1 same_digest $nodes $program; done
  done
done
on_nodes 3 lattice
words_of 1 | grep -q '^network .* [1-9][0-9]* moves of agents$' || fail "no agent has moved"
unset STOS_CLUSTER_RANDOM_MOVES

for nodes in 2 3; do
  for program in pingpong introduction twins; do same_trace $nodes $program; done
  same_trace $nodes family --end-time 12
  same_trace $nodes lattice --end-time 5
done
same_words 3 introduction
same_words 3 family
same_words 2 twins
same_words 2 lattice

# A ping is printed where its agent lives; the first one, of the set-up, on all nodes.
on_nodes 2 pingpong
pings=$(for node in 1 2; do words_of $node | grep -c '^Ping'; done | sort | xargs)
[[ $pings == '50 51' ]] || fail "the nodes printed $pings pings, wanted 50 and 51"

# ---- nodes by hand --------------------------------------------------------------------------------

export STOS_DISTRIBUTED=true STOS_ENGINE_WORKERS=1 STOS_CLUSTER_START_TIMEOUT=20s
export STOS_OUTPUT_PROGRESS=always STOS_OUTPUT_PROGRESS_INTERVAL=10ms

# new_addresses N: `addresses` are N that nobody listens on, where peers of each other are to be.
new_addresses() {
  rm -f "$work"/*.err "$work"/*.out
  mapfile -t addresses < <("$stos" run -n "$1" sh -c 'echo $STOS_CLUSTER_ADDRESS' | cut -d ' ' -f 3)
  STOS_CLUSTER_PEERS=$(IFS=,; echo "${addresses[*]}")
  export STOS_CLUSTER_PEERS
}

# start NAME ADDRESS PROGRAM OPTION...: a node in the background.
declare -A pid
start() {
  STOS_CLUSTER_NODE=${same_name:-$1} STOS_CLUSTER_ADDRESS=$2 "$examples/$3" "${@:4}" \
    >"$work/$1.out" 2>"$work/$1.err" &
  pid[$1]=$!
}

is_gone() { ! kill -0 "${pid[$1]}" 2>/dev/null; }
is_under_way() { grep -q simulated "$work/$1.err" 2>/dev/null; }
is_open() { (: <>"/dev/tcp/${1/://}") 2>/dev/null; }

# ends NAME CODE TEXT [SECONDS]: the node ends in time with CODE, and says TEXT.
ends() {
  local code=0
  wait_until "${4:-30}" is_gone "$1"
  wait "${pid[$1]}" || code=$?
  ((code == $2)) || fail "node $1 ended with $code, wanted $2"
  cat "$work/$1.out" "$work/$1.err" | grep -F -- "$3" >"$work/said" ||
    fail "node $1 does not say '$3'"
  if (($2 != 0)); then echo "cluster: $(tail -n 1 "$work/said" | sed 's/.*\x1b\[K//')"; fi
}

# One address twice.
new_addresses 2
start a "${addresses[0]}" pingpong --digest-only
wait_until 20 is_open "${addresses[0]}"
start b "${addresses[0]}" pingpong --digest-only
ends b 1 "cannot listen on ${addresses[0]} (cluster.address): the address is in use"

# Somebody who is no node knocks at the door, in several ways. The cluster forms all the same.
knock() { { cat >"/dev/tcp/${addresses[0]/://}"; } 2>/dev/null || true; }
{ head -c 100000 /dev/urandom || true; } | knock
{ head -c 100000 /dev/zero || true; } | knock
printf 'GET / HTTP/1.1\r\n\r\n' | knock
knock </dev/null
exec 9<>"/dev/tcp/${addresses[0]/://}" # and stays
start b "${addresses[1]}" pingpong --digest-only
ends a 0 "${digest["pingpong"]}"
ends b 0 "${digest["pingpong"]}"
exec 9>&-

# A name that means nothing, and a node that never comes.
new_addresses 3
STOS_CLUSTER_START_TIMEOUT=2s STOS_CLUSTER_PEERS=no-such-host.invalid:4242 \
  start a "${addresses[0]}" pingpong
STOS_CLUSTER_START_TIMEOUT=2s STOS_CLUSTER_PEERS=${addresses[2]} start b "${addresses[1]}" pingpong
ends a 1 'the name no-such-host.invalid does not resolve'
ends b 1 "only 1 of 2 nodes have come within 2 s (cluster.start_timeout): b; missing: ${addresses[2]} (no process listens there; tried "

# Nodes that do not belong together.
new_addresses 2
same_name=twin start a "${addresses[0]}" pingpong
same_name=twin start b "${addresses[1]}" pingpong
for name in a b; do ends $name 1 'two nodes are called twin: at '; done

new_addresses 2
start a "${addresses[0]}" pingpong
STOS_CLUSTER_NAME=another start b "${addresses[1]}" pingpong
ends a 1 'cluster.name is '
ends b 1 'cluster.name is '

new_addresses 2
start a "${addresses[0]}" lattice
start b "${addresses[1]}" lattice --seed 2
for name in a b; do
  ends $name 1 'the nodes do not agree: simulation.seed is 1 on node a and 2 on node b'
done

# Nodes that do not make the same set-up: all say in which agent.
# disagree TEXT SET_UP...: nodes a, b, ... make these set-ups, and soon end with TEXT.
disagree() {
  local names=(a b c) i
  new_addresses $(($# - 1))
  for ((i = 0; i < $# - 1; ++i)); do
    SET_UP=${*:i+2:1} start "${names[i]}" "${addresses[i]}" ../tests/system/unequal_set_up
  done
  for ((i = 0; i < $# - 1; ++i)); do
    ends "${names[i]}" 1 "bad_config: the nodes do not agree: $1" 20
  done
}
bead='agent 2001 ((anonymous namespace)::Bead) has another state on node a than on node'
disagree "$bead b: its velocity" '' velocity
disagree "$bead b: its channels" '' channel
disagree "$bead b: its lambdas" '' lambda
disagree 'agent 2501 ((anonymous namespace)::Bead) of node a is a (anonymous namespace)::Knot on node b' '' class
disagree 'agent 2502 ((anonymous namespace)::Bead) is not on node b: 2502 initial agents on node a, 2501 on node b' agents ''
disagree "$bead c: its channels" '' '' channel
disagree "$bead b: its lambdas" '' lambda velocity # three worlds

# differ KEY VALUE VALUE TEXT: node b has another value of a key than node a.
differ() {
  local name=STOS_${1^^}
  name=${name//./_}
  new_addresses 2
  export "$name=$2"
  start a "${addresses[0]}" lattice
  export "$name=$3"
  start b "${addresses[1]}" lattice
  unset "$name"
  for node in a b; do ends $node 1 "the nodes do not agree: $4" 20; done
}
for key in mailbox_lambdas_max instant_depth_max trace_events_max reports_max; do
  differ limits.$key 1000 2000 "limits.$key is 1000 on node a and 2000 on node b"
done
differ simulation.end_time 5s 6s 'simulation.end_time is 5 on node a and 6 on node b'
differ output.trace_path '' "$work/trace" 'output.trace_path is none on node a and given on node b'
differ cluster.placement round_robin block \
  'node a and node b place agents of the same world in different ways (cluster.placement'

# What does not matter may differ, and nodes that make the same set-up agree.
new_addresses 3
for k in 0 1 2; do
  STOS_ENGINE_DOMAINS_PER_WORKER=$((k + 1)) \
    start node$k "${addresses[k]}" ../tests/system/unequal_set_up
done
wanted=$(STOS_DISTRIBUTED=false "$STOS_BUILD_DIR/tests/system/unequal_set_up" --serial 2>/dev/null)
for k in 0 1 2; do ends node$k 0 "$wanted"; done

# One of two nodes is no majority: it ends when the other one is killed, and says so.
new_addresses 2
export STOS_CLUSTER_SILENCE_TIMEOUT=2s
for k in 0 1; do
  start node$k "${addresses[k]}" lattice --agents 10000 --end-time 20000
done
for k in 0 1; do wait_until 30 is_under_way node$k; done
kill -KILL "${pid[node1]}"
wait "${pid[node1]}" 2>/dev/null || true # without a word of the shell
ends node0 1 'node1 is gone, and what is left is no majority: 1 of 2' 10

# A node that pauses is waited for. What these nodes compute, they compare with what is known.
new_addresses 2
export STOS_CLUSTER_SILENCE_TIMEOUT=20s
for k in 0 1; do
  start node$k "${addresses[k]}" lattice --agents 10000 --end-time 2000
done
wait_until 30 is_under_way node1
kill -STOP "${pid[node1]}"
sleep 5
! is_gone node0 || fail "node0 has not waited for the node that pauses"
kill -CONT "${pid[node1]}"
for k in 0 1; do ends node$k 0 'model digest    29b92fb361fa6d4b' 60; done

echo "cluster: ok"
