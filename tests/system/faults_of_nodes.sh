# Nodes on hosts of their own run a model, and something goes wrong: they are killed, stand still, lose
# their cable, or their connections are reset. What is left goes on, to the digest of one process; or,
# without a majority, ends with a clear error. Nothing hangs, nothing is left. What the agents record is
# in the file of the node that was the first one in the end, and is what one process writes.
#
# FAULTS=N: N more faults, drawn at random (of FAULT_SEED).
# timeout: 900
# alone
set -euo pipefail

lattice=$STOS_BUILD_DIR/examples/lattice
work=$(mktemp -d)
net=stosf$$
hosts=(1 2 3 4 5)
test=faults_of_nodes
source "$STOS_SOURCE_DIR/tests/system/waiting.bash"
source "$STOS_SOURCE_DIR/tests/system/hosts.bash"
trap 'remove_hosts; rm -rf "$work"' EXIT
make_hosts

silence=2 # s
export STOS_CLUSTER_SILENCE_TIMEOUT="$silence s" STOS_CLUSTER_HEARTBEAT="200 ms"
export STOS_ENGINE_WORKERS=1 STOS_SNAPSHOT_PATH=
export STOS_CLUSTER_TLS_OWN=true # the hosts have one home folder

# run_alone OPTION...: what is wanted of the nodes.
run_alone() {
  model=("$@")
  wanted=$("$lattice" "$@" --serial --digest-only --records "$work/wanted.csv")
}
run_alone --agents 1000 --end-time 3000 # steps are small, so nodes wait for each other all the time

# ---- nodes ----------------------------------------------------------------------------------------

declare -A pid
declare -a up # hosts whose nodes are to end well
peers=        # of the nodes of one cluster
with_disks=   # not empty: nodes have logs and stores of their own

# start_node HOST OPTION...: of a cluster, with cuts.
start_node() {
  local host=$1 disk=()
  if [[ -n $with_disks ]]; then
    disk=(env "STOS_CLUSTER_LOG=$work/disk$host/log" "STOS_SNAPSHOT_PATH=$work/disk$host/cuts")
    mkdir -p "$work/disk$host"
  fi
  ip netns exec "$net-$host" "${disk[@]}" "$lattice" "${model[@]}" --cut-every "50 s" --distributed \
    --node "host$host" --address "10.77.0.$host:4242" --peers "${peers#,}" \
    --records "$work/host$host.csv" "${@:2}" \
    >"$work/host$host.out" 2>"$work/host$host.err" &
  pid[$host]=$!
  up+=("$host")
}

# start_all HOSTS OPTION...: a node on each of the first so many hosts.
start_all() {
  local count=$1 host
  shift
  up=()
  pid=()
  rm -f "$work"/host*.csv
  peers=
  for host in $(seq "$count"); do peers+=,10.77.0.$host:4242; done
  for host in $(seq "$count"); do start_node "$host" "$@"; done
}

log() { cat "$work/host$1.err" 2>/dev/null; }
is_gone() { ! kill -0 "${pid[$1]}" 2>/dev/null; }
is_under_way() { log 1 | grep -q 'cut at 100 s'; }
# Sets `leads` to the host of the node that leads; asks until there is one.
find_leader() {
  leads=
  until [[ -n $leads ]]; do
    if is_gone "${up[0]}"; then fail "the run was over before it was known who leads"; fi
    leads=$(on_host "${up[0]}" "$STOS_BUILD_DIR/bin/stos" nodes --json "10.77.0.${up[0]}:4242" 2>/dev/null |
      jq -r '.leader // empty')
  done
  leads=${leads#host}
}
without() { local host; for host in "${up[@]}"; do [[ $host == "$1" ]] || echo "$host"; done; }

victim() { mapfile -t up < <(without "$1"); }
kill_node() { kill -KILL "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; victim "$1"; }

# ends HOST CODE SECONDS
ends() {
  local code=0
  wait_until "$3" is_gone "$1"
  wait "${pid[$1]}" || code=$?
  ((code == $2)) || fail "host $1 ended with $code, wanted $2"
}

# One of those that are up, the first node of the last view, has written what one process does.
has_written_all() {
  local host
  for host in "${up[@]}"; do
    if cmp -s "$work/wanted.csv" "$work/host$host.csv"; then return; fi
  done
  wc -l "$work"/*.csv >&2
  return 1
}

# goes_on TEXT [VIEWS]: all nodes that are up end with the digest, after at least so many more views.
goes_on() {
  local host views
  for host in "${up[@]}"; do
    ends "$host" 0 60
    grep -qx "digest  *$wanted" "$work/host$host.out" ||
      fail "$1: host $host has not printed the digest $wanted"
  done
  has_written_all || fail "$1: no node has written what the agents have recorded"
  views=$(grep -c 'view epoch=' "$work/host${up[0]}.err" || true)
  ((views >= ${2:-1})) || fail "$1: nothing has happened"
  echo "faults_of_nodes: $1: $views more views, $wanted, $SECONDS s"
}

# stops TEXT: all nodes that are up end with an error that says why.
stops() {
  local host
  for host in "${up[@]}"; do
    ends "$host" 1 30
    log "$host" | grep -q 'no majority' || fail "$1: host $host does not say that there is no majority"
  done
  echo "faults_of_nodes: $1: $(log "${up[0]}" | grep 'no majority' | tail -n 1)"
}

# sent_away HOST: its node was not in a view, and says so.
sent_away() {
  ends "$1" 1 30
  log "$1" | grep -qE 'does not belong to the cluster any more|no majority' ||
    fail "host $1 does not say that it was sent away"
}

begin() { start_all "$@"; wait_until 20 is_under_way; }

# ---- kill -9 --------------------------------------------------------------------------------------

begin 3; find_leader; kill_node "$leads"; goes_on "the leader is killed"
begin 3; kill_node 1; goes_on "the first node is killed"
begin 3; kill_node 3; goes_on "the last node is killed"

run_alone --agents 1000 --end-time 9000 # so that there is time for both
begin 5
kill_node 1
wait_until 20 grep -q 'view epoch=2' "$work/host3.err"
sleep 0.3
find_leader
kill_node "$leads"
goes_on "two of five nodes are killed one after the other" 2
run_alone --agents 1000 --end-time 3000

begin 5; kill_node 3; kill_node 5; goes_on "two of five nodes are killed at once"
begin 3; kill_node 1; kill_node 2; stops "two of three nodes are killed at once"
begin 3; sleep 0.7; kill_node 2; goes_on "a node is killed while cuts are written"
STOS_CLUSTER_RANDOM_MOVES=2000 begin 3; kill_node 2; goes_on "a node is killed while agents move"

begin 5; kill_node 4
wait_until 20 grep -q 'view epoch=2' "$work/host1.err"
kill_node 2
goes_on "a node is killed while the others go back" 2

# ---- a process that stands still ------------------------------------------------------------------

begin 3; kill -STOP "${pid[2]}"; sleep 1; kill -CONT "${pid[2]}"; goes_on "a node stands still for 1 s" 0

begin 3
find_leader
zombie=$leads
kill -STOP "${pid[$zombie]}"
other=$(without "$zombie" | head -n 1)
wait_until 20 grep -q 'view epoch=2' "$work/host$other.err"
kill -CONT "${pid[$zombie]}"
victim "$zombie"
sent_away "$zombie"
goes_on "the leader stands still for too long, and comes back"

# ---- the network ----------------------------------------------------------------------------------

begin 3; pull_cable 2; sleep 0.5; plug_in_cable 2; goes_on "a cable is pulled for 0.5 s" 0

begin 3; pull_cable 2; victim 2; goes_on "a cable is pulled"; sent_away 2; plug_in_cable 2

begin 3; drop_way 2 3; sleep 0.5; mend_way 2 3; goes_on "one way is cut for 0.5 s" 0

begin 3; drop_way 2 3
out=
for host in 2 3; do
  wait_until 30 eval "is_gone 2 || is_gone 3"
  if [[ -z $out ]] && is_gone "$host"; then out=$host; fi
done
victim "$out"; sent_away "$out"; mend_way 2 3
goes_on "one way is cut: host $out goes"

STOS_CLUSTER_SILENCE_TIMEOUT="8 s" begin 3
if lose_packets 2 30; then
  sleep 2
  lose_no_packets 2
  goes_on "30 % of what reaches a node is lost for 2 s" 0
else
  echo "faults_of_nodes: this kernel loses no packets"
  goes_on "nothing happens" 0
fi

begin 3
if reset_connections 2; then
  goes_on "all connections of a node are reset"
else
  echo "faults_of_nodes: this kernel resets no connections"
  goes_on "nothing happens" 0
fi

# ---- nodes with logs and stores, that start again --------------------------------------------------

with_disks=yes
export STOS_CLUSTER_START_TIMEOUT="4 s"
new_disks() { rm -rf "$work"/disk*; }
kill_all() { local host; for host in "${!pid[@]}"; do kill_node "$host"; done; }
# Whether what it has said so far says it.
says() { log "$1" | grep -qE "$2"; }
# goes_on_from_cut TEXT: like goes_on, and the run has not begun with its set-up.
goes_on_from_cut() {
  wait_until 30 says "${up[0]}" 'goes on from its cut at [1-9][0-9]+ s'
  goes_on "$@"
}
cut_is_stored() { log 1 | grep -q 'cut at 100 s.*number'; }
begin_with_disks() { new_disks; start_all "$@"; wait_until 20 cut_is_stored; }

for host in 1 3; do
  begin_with_disks 3
  kill_node "$host"
  cp "$work/host$host.err" "$work/host$host.before"
  start_node "$host"
  wait_until 10 says 2 "reason=\"host$host has started again\""
  goes_on "node $host is killed, and starts again at once"
done

begin_with_disks 3; kill_all
for host in 1 2 3; do start_node "$host"; done
goes_on_from_cut "all nodes are killed, and start again"

begin_with_disks 3; kill_all
for host in 1 3; do start_node "$host"; done
goes_on_from_cut "all nodes are killed, two of three start again"

begin_with_disks 3; kill_all
for host in 1 2 3; do start_node "$host"; done
STOS_CLUSTER_JOIN=true start_node 4
goes_on_from_cut "all nodes are killed, and start again with another one"

begin_with_disks 3; kill_all
truncate -s 40000 "$work/disk1/cuts/data.mdb"
for host in 1 2 3; do start_node "$host"; done
for host in 1 2 3; do
  ends "$host" 1 20
  says "$host" 'data.mdb is damaged, and is not written to' || fail "host $host does not say what is damaged"
done
echo "faults_of_nodes: all nodes are killed, and start again with a damaged store: $(log 2 | tail -n 1)"

begin_with_disks 3; kill_all
start_node 2
ends 2 1 20
says 2 'have not come .*no majority.*stos recover' || fail "host 2 does not say that it is no majority"
"$STOS_BUILD_DIR/bin/stos" recover "$work/disk1/log" >"$work/recover.out" ||
  fail "stos recover does not say what may be lost"
grep -q 'without host2, host3, this may be lost' "$work/recover.out" || fail "stos recover does not say of whom"
"$STOS_BUILD_DIR/bin/stos" recover --alone "$work/disk1/log" >"$work/recover.out"
up=()
start_node 1
sleep 0.2
start_node 3 # has the old log, and comes as a new one
goes_on_from_cut "one of three nodes goes on alone, as an operator says, and another one joins it"

# ---- full disks -----------------------------------------------------------------------------------

small=()
trap 'umount_all; remove_hosts; rm -rf "$work"' EXIT
umount_all() { local dir; for dir in "${small[@]}"; do umount -l "$dir"; done; small=(); }
# A small disk of its own, DIR, which fill() fills.
small_disk() { mkdir -p "$1" && mount -t tmpfs -o size=4m tmpfs "$1" 2>/dev/null && small+=("$1"); }
fill() { dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null || true; }

new_disks
if small_disk "$work/disk1/cuts"; then
  start_all 3
  wait_until 20 cut_is_stored
  fill "$work/disk1/cuts"
  wait_until 20 says 1 'the disk that it lies on is full'
  kill_node 3
  goes_on "the disk for cuts is full, and a node is killed"
  umount_all
else
  echo "faults_of_nodes: this machine mounts no tmpfs"
fi

with_disks=
unset STOS_CLUSTER_START_TIMEOUT

# ---- nodes that come and go -----------------------------------------------------------------------

run_alone --agents 1000 --end-time 8000 --work 2000 # that takes about as long on any number of nodes

# start_one HOST PROGRAM...: a node that was not there at the beginning.
start_one() {
  ip netns exec "$net-$1" "$STOS_BUILD_DIR/bin/stos" join --node "host$1" --address "10.77.0.$1:4242" \
    10.77.0.1:4242 -- "$lattice" "${@:2}" --records "$work/host$1.csv" \
    >"$work/host$1.out" 2>"$work/host$1.err" &
  pid[$1]=$!
  up+=("$1")
}
sees_view() { grep -q "view epoch=$2" "$work/host$1.err"; }
goes_on_in_view() { log "$1" | grep -q "goes on from its cut at .* in view $2"; }

start_all 1
sleep 0.3
start_one 2 "${model[@]}" --cut-every "50 s"
wait_until 20 sees_view 1 2
wait_until 10 goes_on_in_view 1 2 # not only once the first node has done all of it alone
start_one 3 "${model[@]}" --cut-every "50 s"
wait_until 20 sees_view 1 3
on_host 2 "$STOS_BUILD_DIR/bin/stos" drain 10.77.0.2:4242 host1
wait_until 20 sees_view 2 4
victim 1
ends 1 0 20
log 1 | grep -q 'has left, as it was asked to' || fail "host 1 does not say that it has left"
goes_on "two nodes join the first one, which leaves" 1

STOS_CLUSTER_DRAIN_ON_TERM=true begin 3
kill -TERM "${pid[2]}"
victim 2
ends 2 0 20
log 2 | grep -q 'has left, as it was asked to' || fail "host 2 does not say that it has left"
goes_on "a node leaves on SIGTERM" 1

begin 3
start_one 4 "${model[@]/8000/7999}" --cut-every "50 s"
victim 4
ends 4 1 20
goes_on "a node that runs another model joins" 2

begin 3; start_one 4 "${model[@]}" --cut-every "50 s"; sleep 0.5; kill_node 2
goes_on "a node is killed while another one joins"

# ---- at random ------------------------------------------------------------------------------------

RANDOM=${FAULT_SEED:-1}
random_fault() {
  local nodes=$((3 + 2 * (RANDOM % 2))) host other
  host=$((1 + RANDOM % nodes))
  other=$((1 + host % nodes))
  begin "$nodes"
  sleep "0.$((RANDOM % 10))"
  case $((RANDOM % 5)) in
    0) kill_node "$host"; goes_on "host $host of $nodes is killed" ;;
    1)
      kill_node "$host"
      wait_until 20 sees_view "$other" 2
      sleep 0.3
      if ((nodes == 3)); then goes_on "host $host of 3 is killed"; return; fi
      kill_node "$other"
      goes_on "hosts $host and $other of $nodes are killed" 2
      ;;
    2) kill -STOP "${pid[$host]}"; sleep 0.8; kill -CONT "${pid[$host]}"; goes_on "host $host stands still" 0 ;;
    3)
      pull_cable "$host"
      victim "$host"
      goes_on "host $host of $nodes is cut off"
      sent_away "$host"
      plug_in_cable "$host"
      ;;
    4) reset_connections "$host" || true; goes_on "connections of host $host are reset" 0 ;;
  esac
}
run_alone --agents 1000 --end-time 3000
for ((fault = 0; fault < ${FAULTS:-0}; ++fault)); do random_fault; done

echo "faults_of_nodes: ok"
