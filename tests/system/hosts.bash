# Hosts made of network namespaces, with a switch between them. To be sourced by a script that has
# sourced waiting.bash, and sets `net` to what the namespaces' names begin with and `hosts` to their
# numbers; it ends with 77 where this machine cannot do that.
# shellcheck shell=bash disable=SC2154

skip() { echo "$test: skipped, this machine cannot make network namespaces: $*"; exit 77; }

# With a namespace go its ends of the cables, and so the others.
remove_hosts() {
  local job host
  for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null || true; done
  for host in "${hosts[@]}" switch; do ip netns delete "$net-$host" 2>/dev/null || true; done
}

make_hosts() {
  command -v ip >/dev/null || skip 'there is no command ip (package iproute2)'
  ((EUID == 0)) || skip "wanted: root, this is $(id -un)"
  {
    ip netns add "$net-switch" && ip -n "$net-switch" link add bridge type bridge &&
      ip -n "$net-switch" link add cable type veth peer name other
  } 2>"$work/problem" || skip "$(cat "$work/problem")"

  ip -n "$net-switch" link delete cable
  ip -n "$net-switch" link set bridge up
  local host
  for host in "${hosts[@]}"; do
    ip netns add "$net-$host"
    ip -n "$net-$host" link set lo up
    ip -n "$net-$host" link add cable type veth peer name "port$host" netns "$net-switch"
    ip -n "$net-$host" address add "10.77.0.$host/24" dev cable
    ip -n "$net-$host" link set cable up
    ip -n "$net-switch" link set "port$host" master bridge up
  done
}

on_host() { ip netns exec "$net-$1" "${@:2}"; }

# Both directions, and one: nothing that host $1 sends reaches host $2.
pull_cable() { ip -n "$net-switch" link set "port$1" down; }
plug_in_cable() { ip -n "$net-switch" link set "port$1" up; }
drop_way() { ip -n "$net-$1" route add blackhole "10.77.0.$2/32"; }
mend_way() { ip -n "$net-$1" route delete blackhole "10.77.0.$2/32"; }

# All connections of a host; false where the kernel cannot do that.
reset_connections() { on_host "$1" ss -K dst 10.77.0.0/24 2>/dev/null | grep -q ESTAB; }

# Of what reaches host $1, $2 % is lost; false where the kernel cannot do that.
lose_packets() {
  on_host "$1" iptables -A INPUT -i cable -m statistic --mode random --probability "0.$2" -j DROP 2>/dev/null
}
lose_no_packets() { on_host "$1" iptables -F INPUT; }
