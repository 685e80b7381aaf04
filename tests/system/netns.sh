# Three hosts, made of network namespaces and a switch between them: nodes that somebody starts by
# hand on each of them compute what one process computes, also if a cable is pulled for a moment.
# timeout: 300
# alone
set -euo pipefail

examples=$STOS_BUILD_DIR/examples
stos=$STOS_BUILD_DIR/bin/stos
work=$(mktemp -d)
net=stos$$ # begins the name of each namespace
hosts=(1 2 3)
cd "$STOS_SOURCE_DIR"

test=netns
source tests/system/waiting.bash

source tests/system/hosts.bash
trap 'remove_hosts; rm -rf "$work"' EXIT
make_hosts

# ---- nodes by hand --------------------------------------------------------------------------------

# On each host the same file but for the host's own name and address. Nobody needs to know all others:
# the second host and the third know the first one.
for host in "${hosts[@]}"; do
  cat >"$work/host$host.yaml" <<YAML
distributed: true
engine: {workers: 1}
cluster:
  node: host$host
  address: 10.77.0.$host:4242
  peers: ["10.77.0.1:4242"]
  tls: {own: true} # the hosts have one home folder
  nodes: 3
  start_timeout: 30 s
  silence_timeout: 4 s
output: {progress: always, progress_interval: 10 ms}
YAML
done

# start HOST PROGRAM OPTION...: a node in the background, with no way to the others but its cable.
declare -A pid
start() {
  ip netns exec "$net-$1" "$examples/$2" --config "$work/host$1.yaml" "${@:3}" \
    >"$work/host$1.out" 2>"$work/host$1.err" &
  pid[$1]=$!
}

is_gone() { ! kill -0 "${pid[$1]}" 2>/dev/null; }
is_under_way() { grep -q simulated "$work/host$1.err" 2>/dev/null; }

# ends HOST CODE SECONDS: its node ends in time with CODE.
ends() {
  local code=0
  wait_until "$3" is_gone "$1"
  wait "${pid[$1]}" || code=$?
  ((code == $2)) || fail "the node on host $1 ended with $code, wanted $2"
}

# ---- one outcome ----------------------------------------------------------------------------------

# same_digest PROGRAM OPTION...: all hosts print the digest of the serial engine.
declare -A digest
same_digest() {
  local host
  [[ -n ${digest["$*"]:-} ]] ||
    digest["$*"]=$("$examples/$1" "${@:2}" --serial --digest-only)
  for host in "${hosts[@]}"; do start "$host" "$@" --digest-only; done
  for host in "${hosts[@]}"; do
    ends "$host" 0 60
    [[ $(cat "$work/host$host.out") == "${digest["$*"]}" ]] ||
      fail "host $host printed '$(cat "$work/host$host.out")', the serial digest of $* is ${digest["$*"]}"
  done
  echo "netns: $* ${digest["$*"]}"
}

for moves in 0 100; do
  export STOS_CLUSTER_RANDOM_MOVES=$moves
  same_digest pingpong
  same_digest family
  same_digest lattice --agents 10000 --end-time 20
done
unset STOS_CLUSTER_RANDOM_MOVES
same_digest interplanetary --days 1

# ---- the network ----------------------------------------------------------------------------------

# Whoever talks to host 2 sees it from host 3, as well. What faults do is in faults_of_nodes.sh.
for host in "${hosts[@]}"; do start "$host" lattice --agents 10000 --end-time 1000 --digest-only; done
for host in "${hosts[@]}"; do wait_until 30 is_under_way "$host"; done
on_host 3 "$stos" nodes 10.77.0.2:4242 >"$work/nodes" || fail "host 2 does not answer host 3"
for host in "${hosts[@]}"; do
  grep -q "host$host.*10.77.0.$host:4242" "$work/nodes" || fail "'stos nodes' does not show host $host"
done

# A cable that is pulled for a moment: nothing gets lost, so nothing changes.
pull_cable 3
sleep 0.5
plug_in_cable 3
wanted=$("$examples/lattice" --agents 10000 --end-time 1000 --serial --digest-only)
for host in "${hosts[@]}"; do
  ends "$host" 0 60
  [[ $(cat "$work/host$host.out") == "$wanted" ]] ||
    fail "host $host printed '$(cat "$work/host$host.out")' after a cable was pulled, wanted $wanted"
done

echo "netns: ok"
