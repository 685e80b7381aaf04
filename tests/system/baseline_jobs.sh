# The jobs that nodes are measured by, on four of them: a query to a Redis server whose results are
# evaluated link by link, and a determinant. They have the answers that one Python process has, also if
# a node is killed in the middle; and users are told what is wrong with the server.
# timeout: 600
# alone
set -euo pipefail

test=baseline_jobs
stos=$STOS_BUILD_DIR/bin/stos
examples=$STOS_SOURCE_DIR/examples/jobs
work=$(mktemp -d)
launcher=
node=() pid=() exporter=()

. "$STOS_SOURCE_DIR/tests/system/waiting.bash"
. "$STOS_SOURCE_DIR/tests/system/redis.bash"
end() {
  if [[ -n $launcher ]]; then kill -KILL "$launcher" 2>/dev/null && wait "$launcher" 2>/dev/null || true; fi
  kill_redis
  rm -rf "$work"
}
trap end EXIT
command -v python3 >/dev/null || { echo "$test: skipped, there is no python3"; exit 77; }
[[ -n $redis ]] || { echo "$test: skipped, there is no redis-server"; exit 77; }
cd "$work"
step() { echo "$test: $*"; }

# job CODE SCRIPT ARGS...: at node $at; ends with CODE. $work/job.out and $work/job.err are what it wrote.
at=1
job() {
  local wanted=$1 code=0
  timeout $((100 * slower)) "$stos" job submit "$examples/$2" --file "$examples/redis_client.py" \
    --node "${node[$at]}" "${@:3}" >job.out 2>job.err </dev/null || code=$?
  ((code == wanted)) || fail "$2 ended with $code, wanted $wanted"
}
# alone SCRIPT ARGS...: the same in one process, to $work/alone.out.
alone() { PYTHONPATH=$STOS_SOURCE_DIR/actors/jobs python3 "$examples/$1" "${@:2}" >alone.out 2>alone.err || fail "$1 by itself"; }
as_alone() { diff <(jq -S . alone.out) <(jq -S . job.out) >&2 || fail "the result is not that of one process"; }
says() { grep -qF -- "$1" job.err || fail "no word of '$1'"; }
# counted METRIC{LABEL}: its value on node $at; METRIC without the label `node`.
counted() {
  local socket at_port=${exporter[$at]}
  exec {socket}<>"/dev/tcp/${at_port/://}"
  printf 'GET /metrics HTTP/1.0\r\n\r\n' >&"$socket"
  sed -nE 's/^(stos_[a-z_]+\{)node="[^"]*",?/\1/p' <&"$socket" | tr -d '\r' | awk -v name="$1" '$1 == name { print $2 }'
  exec {socket}>&-
}
shown() { "$stos" job list --json --node "${node[$at]}" | jq -r ".jobs[-1] | $1"; }

# ---- a server, and four nodes ---------------------------------------------------------------------

step "a knowledge graph"
port=
start_redis --requirepass 'se@cr%et'
server="redis://:se%40cr%25et@127.0.0.1:$port"
make_graph() { python3 "$examples/knowledge_graph.py" "$server" "$@" >graph.out 2>&1; }
make_graph || fail "there is no graph"
make_graph || fail "the graph is not the same the second time"
grep -qF "100000 links of seed 1 are there" graph.out || fail "the graph was made twice"
if make_graph --seed 2; then fail "another graph in the same place"; fi
grep -qF "there is another graph" graph.out || fail "no word of the other graph"

step "four nodes"
cat >node <<END_OF_NODE
#!/usr/bin/env bash
echo "\$STOS_CLUSTER_ADDRESS" >"$work/address.\$STOS_CLUSTER_NODE"
echo "\$\$" >"$work/pid.\$STOS_CLUSTER_NODE"
exec "$stos" node "\$@"
END_OF_NODE
chmod +x node
env STOS_CLUSTER_HEARTBEAT='200 ms' STOS_CLUSTER_SILENCE_TIMEOUT='2 s' STOS_JOBS_SLOTS=2 \
  "$stos" run --grace 300 -n 4 --monitoring 127.0.0.1:0 -- "$work/node" >cluster.out 2>cluster.log &
launcher=$!
knows_all() { [[ $("$stos" nodes "${node[$1]}" --json 2>/dev/null | jq '.nodes | length') == 4 ]]; }
for k in 1 2 3 4; do
  wait_until 30 test -s "pid.node$k"
  node[k]=$(cat "address.node$k")
  pid[k]=$(cat "pid.node$k")
  wait_until 60 knows_all "$k"
  exporter[k]=$(sed -n "s/^node$k | stos: metrics exposed address=//p" cluster.log)
done

# ---- answers --------------------------------------------------------------------------------------

step "the determinant"
at=3
job 0 determinant.py
[[ $(cat job.out) == 49 ]] || fail "the determinant is not 49"
[[ $(shown '"\(.parts_done) \(.nodes)"') == '4 4' ]] || fail "it is shown otherwise"
matrix='[[2,-1,0,3,1],[1,4,-2,0,5],[0,3,7,1,-1],[6,0,2,5,3],[1,1,-4,2,8]]'
alone determinant.py "$matrix"
job 0 determinant.py "$matrix"
as_alone

step "links of one type"
at=2
alone link_quality.py "$server" Inheritance
[[ $(jq -c '[.links, .sum, .doubtful]' alone.out) == '[40030,1242156236,4056]' ]] || fail "other links than before"
job 0 link_quality.py "$server" Inheritance
as_alone
[[ $(shown '"\(.phase) \(.parts) \(.parts_done)"') == 'done 21 21' ]] || fail "it is shown otherwise"

step "what users are told"
job 1 link_quality.py "$server" Inheritence --retries 0
says 'there are no links of type Inheritence'
job 1 link_quality.py redis://127.0.0.1:1 --retries 0
says 'redis://127.0.0.1:1: '
job 1 link_quality.py "redis://127.0.0.1:$port" --retries 0
says 'the server says: NOAUTH'
job 1 link_quality.py "127.0.0.1:$port" --retries 0
says 'wanted: redis://HOST:PORT'

# ---- a node is killed in the middle ---------------------------------------------------------------

step "all links, and a node is killed"
alone link_quality.py "$server"
at=1
job 0 link_quality.py "$server" &
tool=$!
begun() { [[ $(shown '.parts == 50 and .parts_done >= 5') == true ]]; }
wait_until 60 begun
kill -KILL "${pid[4]}"
[[ $(shown .phase) == parts ]] || fail "the node was killed too late"
wait $tool || fail "the job has failed"
as_alone
[[ $(jq .links job.out) == 100000 ]] || fail "links are left out, or counted twice"
[[ $(shown '"\(.phase) \(.parts_done) \(.copies_lost > 0)"') == 'done 50 true' ]] || fail "it is shown otherwise"
for at in 1 2 3; do
  for line in 'stos_jobs_ended_total{result="done"} 4' 'stos_jobs_ended_total{result="failed"} 4' \
    'stos_jobs_slots{state="free"} 2' 'stos_jobs_slots{state="busy"} 0' 'stos_jobs_parts_waiting{} 0' \
    'stos_jobs{state="parts"} 0' 'stos_locks_granted_total{} 0'; do
    counts() { [[ $(counted "${line% *}") == "${line##* }" ]]; }
    wait_until 10 counts
  done
  (($(counted 'stos_jobs_runs_total{result="lost"}') > 0)) || fail "node$at counts no run that was lost"
  # Splits, parts and reductions of four jobs: 4, 4 + 5 + 21 + 50, 4.
  (($(counted 'stos_jobs_runs_total{result="good"}') == 88)) || fail "node$at counts other results"
done

step "the server is lost, too"
at=2
job 1 link_quality.py "$server" --retries 1 &
tool=$!
begun() { [[ $(shown '.phase == "parts" and .parts_done >= 5') == true ]]; }
wait_until 60 begun
kill_redis
wait $tool || fail "the job has not failed"
says "has failed, 2 times"
says "redis://127.0.0.1:$port: "
if grep -qE 'se@cr|se%40cr' job.err cluster.log; then fail "the password is shown"; fi

kill -TERM $launcher
wait $launcher || true # one of its nodes was killed
launcher=
echo "$test: ok"
