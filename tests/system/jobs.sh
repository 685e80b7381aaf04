# Jobs on nodes that are processes of their own (`stos node`, `stos run`): results, what users are told
# of their mistakes, cancellation that leaves nothing behind, and the loss of nodes: a follower, the
# leader, the one that the tool has asked, all of them.
# timeout: 300
# alone
set -euo pipefail

test=jobs
stos=$STOS_BUILD_DIR/bin/stos
examples=$STOS_SOURCE_DIR/examples/jobs
work=$(mktemp -d)
launcher=
node=() pid=() by_hand=()

end() {
  local one
  for one in $launcher "${by_hand[@]}"; do kill -KILL "$one" 2>/dev/null && wait "$one" 2>/dev/null || true; done
  rm -rf "$work"
}
trap end EXIT
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"
command -v python3 >/dev/null || { echo "jobs: skipped, there is no python3"; exit 77; }

mkdir "$work/folders" "$work/scripts" "$work/marks"
cd "$work/scripts"
settings=(STOS_CLUSTER_HEARTBEAT='200 ms' STOS_CLUSTER_SILENCE_TIMEOUT='2 s' STOS_JOBS_SLOTS=2
  STOS_JOBS_FOLDER="$work/folders")

# Says who it is before it becomes a node.
cat >"$work/node" <<END
#!/usr/bin/env bash
echo "\$STOS_CLUSTER_ADDRESS" >"$work/address.\$STOS_CLUSTER_NODE"
echo "\$\$" >"$work/pid.\$STOS_CLUSTER_NODE"
exec "$stos" node "\$@"
END
chmod +x "$work/node"

knows_all() { [[ $("$stos" nodes "${node[$1]}" --json 2>/dev/null | jq '.nodes | length') == "$2" ]]; }
leader() { "$stos" nodes "${node[$1]}" --json | jq -r '.leader // empty' | tr -dc 0-9; }

# start_cluster N: `node[k]` is where node k listens, `pid[k]` its process.
start_cluster() {
  rm -f "$work"/address.* "$work"/pid.*
  env "${settings[@]}" STOS_CLUSTER_DRAIN_ON_TERM=true "$stos" run --grace 300 -n "$1" -- "$work/node" >"$work/cluster.out" 2>"$work/cluster.log" &
  launcher=$!
  local k
  for k in $(seq "$1"); do
    wait_until 30 test -s "$work/pid.node$k"
    node[k]=$(cat "$work/address.node$k")
    pid[k]=$(cat "$work/pid.node$k")
    wait_until 60 knows_all "$k" "$1"
  done
}

# job CODE WORDS...: ends with CODE; $work/job.out and $work/job.err are what it wrote.
job() {
  local wanted=$1 code=0
  shift
  timeout $((100 * slower)) "$stos" job "$@" >"$work/job.out" 2>"$work/job.err" </dev/null || code=$?
  ((code == wanted)) || fail "'stos job $*' ended with $code, wanted $wanted"
}
says() { grep -qF -- "$2" "$work/job.$1" || fail "no word of '$2' in $1"; }
gives() { [[ $(cat "$work/job.out") == "$1" ]] || fail "the result is not $1"; }

# Nothing that a job has started is left: neither processes nor folders.
no_process() { ! pgrep -f "$work/folders/stos-job" >/dev/null; }
no_child() { no_process && [[ -z $(ls "$work/folders") ]]; }
step() { echo "jobs: $*"; }

# ---- scripts that a user writes -------------------------------------------------------------------

# Its parts note that they have begun, take a while, and return their number.
cat >slow.py <<'END'
import os, sys, time
import stos_job

def split(arguments):
    return [[n, arguments[1], float(arguments[2])] for n in range(int(arguments[0]))]

def part(work):
    number, marks, seconds = work
    with open(os.path.join(marks, "part%d.%d" % (number, os.getpid())), "w"):
        pass
    for i in range(10):
        time.sleep(seconds / 10)
        stos_job.progress(i / 10)
    return number

stos_job.run(split, part)
END
cat >syntax.py <<'END'
import stos_job
def split(arguments:
    return []
END
cat >exception.py <<'END'
import stos_job
def invert(x):
    return 1 / x
stos_job.run(lambda arguments: [2, 1, 0], invert, reduce=sum)
END
cat >unserialisable.py <<'END'
import stos_job
stos_job.run(lambda arguments: [1], lambda x: {1, 2, 3})
END
cat >garbage.sh <<'END'
read -r task
echo "hello, I am no JSON"
END
cat >silent.sh <<'END'
echo "my last words" >&2
exit 3
END
cat >hungry.py <<'END'
import stos_job
stos_job.run(lambda arguments: [1], lambda x: len(bytearray(1 << 30)))
END
# Children that leave the process group, and are deaf to SIGTERM.
cat >forks.sh <<'END'
read -r task
case $task in
  *'"do":"split"'*) echo '{"result": [1, 2, 3, 4]}' ;;
  *)
    trap '' TERM
    setsid sh -c "trap '' TERM; while :; do sleep 0.1; done # $PWD" &
    touch "$(cat marks)/begun.$$"
    while :; do sleep 0.1; done ;;
esac
END

# ---- results --------------------------------------------------------------------------------------

step "four nodes"
start_cluster 4
job 0 submit "$examples/determinant.py" --node "${node[2]}"
gives 49
job 0 submit "$examples/squares.sh" --node "${node[3]}"
gives 55
mkdir "$work/books"
for k in 1 2 3 4 5 6 7; do
  for ((i = 0; i < k; ++i)); do echo "one two three one"; done >"$work/books/$k"
done
job 0 submit "$examples/count_words.py" "$work/books" --node "${node[1]}"
[[ $(jq -S -c . "$work/job.out") == '{"one":56,"three":28,"two":28}' ]] || fail "words are miscounted"
says err 'count_words.py: done'
job 0 list --node "${node[4]}"
[[ $(tail -n +2 "$work/job.out" | grep -c ' done ') == 3 ]] || fail "not three jobs are done"
job 0 list --json --node "${node[4]}"
[[ $(jq -r '.jobs[0] | "\(.phase) \(.parts_done) \(.nodes) \(.slots)"' "$work/job.out") == 'done 4 4 8' ]] ||
  fail "the first job is shown otherwise"
first=$(jq -r '.jobs[0].id' "$work/job.out")
job 0 result "$first" --node "${node[3]}"
gives 49
job 0 status "$first" --node "${node[1]}"
says out 'determinant.py'

# A file beside the script, arguments that begin with -, a language by name.
printf 'cat data >&2\nread -r task\ncase $task in\n*split*) echo "{\\"result\\": [1]}" ;;\n*) echo "{\\"result\\": \\"$(cat data)\\"}" ;;\nesac\n' >reader
echo -n "of the file" >data
job 0 submit reader --language sh --file data --node "${node[1]}" -- --dashes
gives '["of the file"]'

# ---- mistakes -------------------------------------------------------------------------------------

step "mistakes"
job 1 submit syntax.py --node "${node[1]}"
says err 'SyntaxError'
says err 'def split(arguments:'
job 1 submit exception.py --retries 0 --node "${node[2]}"
says err 'part 3 of 3 has failed'
says err 'ZeroDivisionError: division by zero'
says err 'in invert'
job 1 submit unserialisable.py --retries 1 --node "${node[1]}"
says err 'part 1 of 1 has failed, 2 times'
says err 'what was returned cannot be said in JSON'
job 1 submit garbage.sh --retries 0 --node "${node[1]}"
says err 'none of the protocol'
says err 'hello, I am no JSON'
job 1 submit silent.sh --retries 0 --node "${node[1]}"
says err 'exit code 3'
says err 'my last words'
job 1 submit hungry.py --memory 200MiB --retries 0 --node "${node[1]}"
says err 'MemoryError'
job 1 submit slow.py 1 "$work/marks" 60 --time 500ms --retries 0 --node "${node[1]}"
says err 'it has taken longer than 0.5'
job 1 submit garbage.sh --language cobol --retries 0 --node "${node[1]}"
says err 'no language cobol (jobs.languages)'
job 1 submit nothing.py --node "${node[1]}"
says err 'nothing.py cannot be read'
job 1 submit data --node "${node[1]}"
says err 'wanted: --language L'
job 1 result 1234 --node "${node[1]}"
says err 'there is no job 0000000000001234'
job 2 result xyz --node "${node[1]}"
says err 'names no job'
job 2 submitt
says err 'submit'
job 1 list --node 127.0.0.1:1 --timeout 1
says err 'node at 127.0.0.1:1: '
wait_until 30 no_child

# ---- cancellation ---------------------------------------------------------------------------------

step "cancellation"
echo -n "$work/marks" >marks
begun() { (($(find "$work/marks" -name "$1.*" | wc -l) >= $2)); }
rm -f "$work/marks"/*
env --default-signal=INT "$stos" job submit forks.sh --file marks --node "${node[1]}" \
  >"$work/job.out" 2>"$work/job.err" &
tool=$!
wait_until 60 begun begun 4
kill -INT $tool
code=0
wait $tool || code=$?
((code == 130)) || fail "after SIGINT stos job submit ended with $code"
says err 'was cancelled'
wait_until 30 no_child
rm -f "$work/marks"/*
job 0 submit forks.sh --file marks --detach --node "${node[2]}"
id=$(cat "$work/job.out")
wait_until 60 begun begun 4
job 0 cancel "$id" --node "${node[3]}"
says out "job $id cancelled"
wait_until 30 no_child
job 1 result "$id" --node "${node[4]}"
says err 'it was cancelled'

# ---- nodes that are lost --------------------------------------------------------------------------

# right N: the numbers from 0 to N - 1, each once.
right() { [[ $(cat "$work/job.out") == "$(jq -cn "[range($1)]")" ]] || fail "the result is wrong"; }

step "a follower is lost, then the leader"
led_by=$(leader 1)
others=() # all but the leader
for k in 1 2 3 4; do if ((k != led_by)); then others+=("$k"); fi; done
rm -f "$work/marks"/*
"$stos" job submit slow.py 48 "$work/marks" 0.4 --node "${node[${others[0]}]}" \
  >"$work/job.out" 2>"$work/job.err" &
tool=$!
wait_until 60 begun 'part*' 10
kill -KILL "${pid[${others[2]}]}"
wait_until 60 begun 'part*' 20
kill -KILL "${pid[$led_by]}"
wait $tool || fail "the job has failed"
right 48
job 0 list --json --node "${node[${others[1]}]}"
[[ $(jq -r '.jobs[-1] | "\(.phase) \(.parts_done) \(.copies_lost > 0)"' "$work/job.out") == 'done 48 true' ]] ||
  fail "the job is shown otherwise"
wait_until 30 no_process

step "all nodes end well"
kill -TERM "${pid[${others[0]}]}"
wait_until 60 knows_all "${others[1]}" 1
kill -TERM $launcher
wait $launcher || true # two of them were killed
launcher=
grep -q "node${others[0]} | stos: node is to leave" "$work/cluster.log" || fail "a node does not leave"

# start_node K: by itself, where node K of before was, with a log.
start_node() {
  env "${settings[@]}" STOS_DISTRIBUTED=true STOS_CLUSTER_NODE="node$1" \
    STOS_CLUSTER_ADDRESS="${node[$1]}" STOS_CLUSTER_PEERS="${node[1]},${node[2]},${node[3]}" \
    STOS_CLUSTER_NODES=3 STOS_CLUSTER_LOG="$work/log$1" "$stos" node 2>>"$work/node$1.log" &
  by_hand[$1]=$!
}
kill_node() {
  kill -KILL "${by_hand[$1]}"
  wait "${by_hand[$1]}" 2>/dev/null || true
}

step "the node that was asked is lost"
for k in 1 2 3; do start_node $k; done
for k in 1 2 3; do wait_until 60 knows_all $k 3; done
rm -f "$work/marks"/*
"$stos" job submit slow.py 30 "$work/marks" 0.4 --node "${node[1]}" --timeout 2 \
  >"$work/job.out" 2>"$work/job.err" &
tool=$!
wait_until 60 begun 'part*' 8
kill_node 1
wait $tool || fail "the job has failed"
right 30
start_node 1
wait_until 60 knows_all 1 3

step "all nodes are killed, and start again"
rm -f "$work/marks"/*
job 0 submit slow.py 40 "$work/marks" 0.4 --detach --node "${node[2]}"
id=$(cat "$work/job.out")
wait_until 60 begun 'part*' 12
for k in 1 2 3; do kill_node $k; done
wait_until 30 no_process # of a node that was just about to begin a part, its folder may be there
begun_before=$(find "$work/marks" -name 'part*' | wc -l)
for k in 1 2 3; do start_node $k; done
wait_until 60 knows_all 3 3
job 0 result "$id" --wait --node "${node[3]}"
right 40
wait_until 30 no_child
begun_in_all=$(find "$work/marks" -name 'part*' | wc -l)
((begun_before < 40 && begun_in_all <= 40 + 6 + 6)) || # lost on 6 slots, stragglers
  fail "$begun_in_all parts were begun, $begun_before of them before"

step "all nodes end, and start again"
end_all() {
  for k in 1 2 3; do kill -TERM "${by_hand[$k]}"; done
  for k in 1 2 3; do wait "${by_hand[$k]}" || fail "node $k ended with $? after SIGTERM"; done
}
end_all
for k in 1 2 3; do start_node $k; done
has_result() { "$stos" job result "$id" --node "${node[1]}" >"$work/job.out" 2>"$work/job.err"; }
wait_until 60 has_result
right 40
end_all
wait_until 30 no_child

echo "jobs: ok"
