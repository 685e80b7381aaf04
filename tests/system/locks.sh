# Locks and shared values on nodes that are processes of their own: many clients that add to a number
# in a file, a holder that is stopped for longer than its lease, a leader that is killed meanwhile,
# counters that are compared and set, a watch, and what users are told.
# timeout: 600
# alone
set -euo pipefail

test=locks
stos=$STOS_BUILD_DIR/bin/stos
work=$(mktemp -d)
by_hand=() tools=()

end() {
  local one
  for one in "${tools[@]}" "${by_hand[@]}"; do
    kill -CONT "$one" 2>/dev/null || true
    kill -KILL "$one" 2>/dev/null && wait "$one" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap end EXIT
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"
cd "$work"
step() { echo "locks: $*"; }

settings=(STOS_CLUSTER_HEARTBEAT='200 ms' STOS_CLUSTER_SILENCE_TIMEOUT='2 s')
knows_all() { [[ $("$stos" nodes "${node[$1]}" --json 2>/dev/null | jq '.nodes | length') == "$2" ]]; }
leader() { "$stos" nodes "${node[$1]}" --json | jq -r '.leader // empty' | tr -dc 0-9; }

# start_node K: with a log, where node K is to listen.
start_node() {
  env "${settings[@]}" STOS_DISTRIBUTED=true STOS_CLUSTER_NODE="node$1" \
    STOS_CLUSTER_ADDRESS="${node[$1]}" STOS_CLUSTER_PEERS="${node[1]},${node[2]},${node[3]}" \
    STOS_CLUSTER_NODES=3 STOS_CLUSTER_LOG="$work/log$1" "$stos" node 2>>"$work/node$1.log" &
  by_hand[$1]=$!
}

# does CODE WORDS...: ends with CODE; $work/out and $work/err are what it wrote.
does() {
  local wanted=$1 code=0
  shift
  timeout $((100 * slower)) "$stos" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
  ((code == wanted)) || fail "'stos $*' ended with $code, wanted $wanted"
}
gives() { [[ $(cat "$work/out") == "$1" ]] || fail "'$(cat "$work/out")' is not '$1'"; }
says() { grep -qF -- "$1" "$work/err" || fail "no word of '$1'"; }

# ---- three nodes ----------------------------------------------------------------------------------

step "three nodes"
read -r -a ports <<<"$(python3 - <<'END' 2>/dev/null || true
import socket
sockets = [socket.socket() for _ in range(3)]
for each in sockets: each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))
END
)"
((${#ports[@]} == 3)) || { echo "locks: skipped, there is no python3"; exit 77; }
node=([1]="127.0.0.1:${ports[0]}" [2]="127.0.0.1:${ports[1]}" [3]="127.0.0.1:${ports[2]}")
all=${node[1]},${node[2]},${node[3]}
for k in 1 2 3; do start_node $k; done
for k in 1 2 3; do wait_until 60 knows_all $k 3; done

# ---- what users see -------------------------------------------------------------------------------

step "values"
does 0 kv put colour blue --node "${node[1]}"
gives 1
does 0 kv get colour --node "${node[2]}"
gives blue
does 0 kv get colour --json --node "${node[3]}"
gives '{"key":"colour","value":"blue","revision":1}'
does 0 kv cas colour 1 green --node "${node[3]}"
gives 2
does 3 kv cas colour 1 red --node "${node[1]}"
says 'it has revision 2'
does 3 kv cas colour 0 red --node "${node[1]}"
does 3 kv get nothing --node "${node[1]}"
says 'key nothing has no value'
does 0 kv propose who one --node "${node[1]}"
does 0 kv propose who two --node "${node[2]}"
gives one
does 0 kv list --node "${node[2]}"
gives '{"key":"colour","value":"green","revision":2}
{"key":"who","value":"one","revision":3}'
does 0 kv delete colour --node "${node[2]}"
gives 4
does 3 kv delete colour --node "${node[2]}"
does 0 kv watch colour --after 0 --count 3 --node "${node[1]}"
gives '{"key":"colour","value":"blue","revision":1}
{"key":"colour","value":"green","revision":2}
{"key":"colour","revision":4}'
does 1 kv put key "$(head -c 66000 /dev/zero | tr '\0' x)" --node "${node[1]}"
says 'the limit is 65536'
does 2 kv putt
says 'put'
does 1 kv get colour --node 127.0.0.1:1 --timeout 1
says 'node at 127.0.0.1:1: '

step "locks"
does 0 lock printer --node "${node[1]}" -- sh -c 'echo "$LOCK_OF_STOS $FENCE_OF_STOS"'
gives 'printer 1'
does 7 lock printer --node "${node[2]}" -- sh -c 'exit 7'
does 127 lock printer --node "${node[2]}" -- no-such-program
says 'no-such-program: '
does 0 lock printer --node "${node[3]}" -- echo '[a,b]' --
gives '[a,b] --'
does 2 lock printer
says 'wanted: a COMMAND'
does 2 lock printer --no-such-option -- true
says 'unknown option "--no-such-option"'
"$stos" lock printer --node "${node[1]}" -- sh -c 'echo >held; while [ ! -e done ]; do sleep 0.1; done' &
tools+=($!)
wait_until 30 test -s held
does 3 lock printer --try --node "${node[2]}" -- true
says 'lock printer is held'
does 3 lock printer --wait 300ms --node "${node[3]}" -- true
says 'was not to be had in that time'
does 1 lock printer --permits 2 --node "${node[3]}" -- true
says 'lock printer has 1 permits for now, not 2'
does 0 lock list --json --node "${node[3]}"
[[ $(jq -c '.locks[] | [.name, (.claims | length), .claims[0].fence]' out) == '["printer",1,5]' ]] ||
  fail "the lock is shown otherwise"
touch done
wait "${tools[0]}" || fail "the holder ended with $?"
tools=()
does 0 lock list --node "${node[1]}"
[[ $(wc -l <out) == 1 ]] || fail "a lock is held by no client"

# ---- a file that checks the number ----------------------------------------------------------------

# Adds 1 to the number in the file, slowly, if the file has seen no higher fencing number; what it
# asks for is one change of the file, which no other process can see half done.
cat >add <<'END'
#!/usr/bin/env bash
change() { # NUMBER: writes it, if it may
  exec 9<>"$DIR/guard" && flock 9
  if ((FENCE_OF_STOS < $(cat "$DIR/fence"))); then
    echo "$FENCE_OF_STOS" >>"$DIR/refused"
    exit 9
  fi
  echo "$FENCE_OF_STOS" >"$DIR/fence"
  if (($# > 0)); then echo "$1" >"$DIR/number"; fi
  exec 9>&-
}
change
number=$(cat "$DIR/number")
if [[ ${SLEEPS:-} ]]; then
  echo $PPID >"$DIR/sleeper"
  while [[ ! -e $DIR/wakes ]]; do sleep 0.05; done
else
  sleep 0.02
fi
change $((number + 1))
echo . >>"$DIR/added"
END
chmod +x add
export DIR=$work
echo 0 >number
echo 0 >fence
touch added refused

step "many clients, and the leader is killed meanwhile"
adder() {
  local i code
  for ((i = 0; i < 8; ++i)); do
    code=0
    "$stos" lock ledger --lease 3s --node "$all" -- ./add 2>>"adder.err" || code=$?
    # The lease may have ended where the machine is busy; then the file has refused, or it was in time.
    ((code == 0 || code == 4 || code == 9)) || echo "code $code" >>failures
  done
}
for k in 1 2 3 4 5 6; do
  adder &
  tools+=($!)
done
has_added() { (($(wc -l <added) >= $1)); }
wait_until 120 has_added 8
killed=$(leader 1)
kill -KILL "${by_hand[$killed]}"
wait "${by_hand[$killed]}" 2>/dev/null || true
for one in "${tools[@]}"; do wait "$one" || fail "a client failed"; done
tools=()
[[ ! -e failures ]] || fail "clients failed: $(cat failures)"
[[ $(cat number) == $(wc -l <added) ]] || fail "the file has $(cat number) after $(wc -l <added) additions"
has_added 40 || fail "only $(wc -l <added) additions of 48"
start_node "$killed"
wait_until 60 knows_all "$killed" 3

step "a holder that is stopped for longer than its lease"
SLEEPS=1 "$stos" lock ledger --lease 1s --node "${node[1]}" -- ./add 2>sleeper.err &
sleeper=$!
tools+=($sleeper)
wait_until 30 test -s sleeper
command=$(pgrep -P "$sleeper")
before=$(cat number)
kill -STOP "$sleeper" "$command" # the tool, and what it has started
does 0 lock ledger --node "${node[2]}" -- ./add
[[ $(cat number) == $((before + 1)) ]] || fail "the next holder has not added"
refused=$(wc -l <refused)
touch wakes
kill -CONT "$command" # it wakes up first, and does not know
is_refused() { (($(wc -l <refused) > refused)); }
wait_until 30 is_refused
kill -CONT "$sleeper"
code=0
wait "$sleeper" || code=$?
tools=()
((code == 4)) || fail "the tool of the sleeper ended with $code"
grep -q 'the lease of lock ledger has ended' sleeper.err || fail "the sleeper is not told"
[[ $(cat number) == $((before + 1)) ]] || fail "the sleeper has done harm"

step "a command that runs when the lease ends is killed"
"$stos" lock ledger --lease 1s --node "${node[1]}" -- sh -c 'echo $$ >"$DIR/long"; sleep 100' 2>sleeper.err &
sleeper=$!
tools+=($sleeper)
wait_until 30 test -s long
kill -STOP "$sleeper"
does 0 lock ledger --node "${node[3]}" -- true
kill -CONT "$sleeper"
code=0
wait "$sleeper" || code=$?
tools=()
((code == 4)) || fail "the tool ended with $code"
is_gone() { ! kill -0 "$(cat long)" 2>/dev/null; }
wait_until 10 is_gone

# ---- counters and a watch -------------------------------------------------------------------------

step "counters that are compared and set, and a watch"
"$stos" kv watch --prefix counter/ --after 0 --count 48 --node "$all" >watched 2>watch.err &
watcher=$!
tools+=($watcher)
counter() {
  local i entry revision number
  for ((i = 0; i < 8; ++i)); do
    while true; do
      entry=$("$stos" kv get "counter/$1" --json --node "$all" 2>/dev/null || echo '{"revision":0,"value":"0"}')
      revision=$(jq .revision <<<"$entry")
      number=$(jq -r .value <<<"$entry")
      code=0
      "$stos" kv cas "counter/$1" "$revision" $((number + 1)) --node "$all" >/dev/null 2>>counter.err || code=$?
      ((code == 3)) || break
    done
    ((code == 0)) || echo "code $code" >>failures
  done
}
for k in 1 2 3 4 5 6; do
  counter $((k % 2)) &
  tools+=($!)
done
has_watched() { (($(wc -l <watched) >= $1)); }
wait_until 60 has_watched 5
killed=$(leader 1)
kill -KILL "${by_hand[$killed]}"
wait "${by_hand[$killed]}" 2>/dev/null || true
for one in "${tools[@]}"; do wait "$one" || fail "a client failed"; done
tools=()
[[ ! -e failures ]] || fail "clients failed: $(cat failures)"
does 0 kv list counter/ --node "$all"
[[ $(jq -r .value out | paste -sd ' ') == '24 24' ]] || fail "counters are $(jq -r .value out | paste -sd ' ')"
[[ $(jq -r 'select(.key == "counter/0") | .value' watched | paste -sd ' ') == "$(seq 24 | paste -sd ' ')" ]] ||
  fail "a watch has not seen each change once"
[[ $(jq .revision watched) == "$(jq .revision watched | sort -n -u)" ]] || fail "a watch is not in order"
start_node "$killed"
wait_until 60 knows_all "$killed" 3

step "all nodes end, and start again"
for k in 1 2 3; do kill -TERM "${by_hand[$k]}"; done
for k in 1 2 3; do wait "${by_hand[$k]}" || fail "node $k ended with $? after SIGTERM"; done
for k in 1 2 3; do start_node $k; done
for k in 1 2 3; do wait_until 60 knows_all $k 3; done
does 0 kv get counter/1 --node "${node[2]}"
gives 24
fence=$(cat fence)
does 0 lock ledger --node "${node[1]}" -- sh -c 'echo $FENCE_OF_STOS'
(($(cat out) > fence)) || fail "a fencing number came again"

# ---- parts of jobs --------------------------------------------------------------------------------

step "parts of a job"
cat >adds.py <<'END'
import os, time
import stos_job

def split(arguments):
    return [arguments[0]] * 12

def part(folder):
    path = os.path.join(folder, "number")
    with stos_job.lock("ledger") as fence:
        number = int(open(path).read())
        time.sleep(0.02)
        with open(path, "w") as file:
            file.write(str(number + 1))
    revision = None
    while revision is None:
        value, seen = stos_job.kv.entry("parts")
        revision = stos_job.kv.compare_and_set("parts", seen, str(int(value or "0") + 1))
    return [fence, stos_job.kv.propose("leader of the job", str(fence))]

def reduce(results):
    fences = [fence for fence, agreed in results]
    assert len(set(fences)) == len(fences), "a fencing number came twice"
    return len(set(agreed for fence, agreed in results))

stos_job.run(split, part, reduce)
END
before=$(cat number)
does 0 job submit adds.py "$work" --node "${node[1]}"
gives 1
[[ $(cat number) == $((before + 12)) ]] || fail "parts have added $(($(cat number) - before)) of 12"
does 0 kv get parts --node "${node[3]}"
gives 12
does 0 lock list --node "${node[2]}"
[[ $(wc -l <out) == 1 ]] || fail "a part that has ended holds a lock"

echo "locks: ok"
