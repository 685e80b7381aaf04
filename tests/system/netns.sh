# Three hosts, made of network namespaces and a switch between them: nodes that somebody starts by
# hand on each of them compute what one process computes, and a host whose cable is pulled in the
# middle of a run is noticed by the others, and by itself.
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

clean_up() {
  local job host
  for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null || true; done
  # With a namespace go its ends of the cables, and so the others.
  for host in "${hosts[@]}" switch; do ip netns delete "$net-$host" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT

# ---- the hosts ------------------------------------------------------------------------------------

skip() { echo "netns: skipped, this machine cannot make network namespaces: $*"; exit 77; }

command -v ip >/dev/null || skip 'there is no command ip (package iproute2)'
((EUID == 0)) || skip "wanted: root, this is $(id -un)"
{
  ip netns add "$net-switch" && ip -n "$net-switch" link add bridge type bridge &&
    ip -n "$net-switch" link add cable type veth peer name other
} 2>"$work/problem" || skip "$(cat "$work/problem")"

ip -n "$net-switch" link delete cable
ip -n "$net-switch" link set bridge up
for host in "${hosts[@]}"; do
  ip netns add "$net-$host"
  ip -n "$net-$host" link set lo up
  ip -n "$net-$host" link add cable type veth peer name "port$host" netns "$net-switch"
  ip -n "$net-$host" address add "10.77.0.$host/24" dev cable
  ip -n "$net-$host" link set cable up
  ip -n "$net-switch" link set "port$host" master bridge up
done

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

# says HOST TEXT
says() {
  tr '\r' '\n' <"$work/host$1.err" | grep -F -- "$2" >"$work/said" ||
    fail "the node on host $1 does not say '$2'"
  echo "netns: $(tail -n 1 "$work/said" | sed 's/.*\x1b\[K//')"
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

# ---- a host that is cut off -----------------------------------------------------------------------

# Whoever talks to host 2 sees it from host 3, as well.
start_for_long() {
  local host
  for host in "${hosts[@]}"; do start "$host" lattice --agents 10000 --end-time 200000; done
  for host in "${hosts[@]}"; do wait_until 30 is_under_way "$host"; done
}

start_for_long
ip netns exec "$net-3" "$stos" nodes 10.77.0.2:4242 >"$work/nodes" || fail "host 2 does not answer host 3"
for host in "${hosts[@]}"; do
  grep -q "host$host.*10.77.0.$host:4242" "$work/nodes" || fail "'stos nodes' does not show host $host"
done

# everybody_ends HOST: the host has been cut off; the others name it, and it names one of the others.
everybody_ends() {
  local host
  for host in "${hosts[@]}"; do
    ends "$host" 1 30
    if ((host == $1)); then
      says "$host" 'is gone: it was lost: nothing was heard of it for '
    else
      says "$host" "node host$1 at 10.77.0.$1:4242 is gone: it was lost: nothing was heard of it for "
    fi
  done
}

ip -n "$net-2" link set cable down # at the host
everybody_ends 2
ip -n "$net-2" link set cable up

start_for_long
ip -n "$net-switch" link set port1 down # at the switch, and it is the host that all others know
everybody_ends 1
ip -n "$net-switch" link set port1 up

# A cable that is pulled for a moment: nothing gets lost, so nothing changes.
for host in "${hosts[@]}"; do start "$host" lattice --agents 10000 --end-time 1000 --digest-only; done
for host in "${hosts[@]}"; do wait_until 30 is_under_way "$host"; done
ip -n "$net-switch" link set port3 down
sleep 0.5
ip -n "$net-switch" link set port3 up
wanted=$("$examples/lattice" --agents 10000 --end-time 1000 --serial --digest-only)
for host in "${hosts[@]}"; do
  ends "$host" 0 60
  [[ $(cat "$work/host$host.out") == "$wanted" ]] ||
    fail "host $host printed '$(cat "$work/host$host.out")' after a cable was pulled, wanted $wanted"
done

echo "netns: ok"
