# `stos run`: identity and output of nodes, exit codes, signals, failures, and nobody left behind.
# timeout: 300
set -euo pipefail

stos=$STOS_BUILD_DIR/bin/stos
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "launcher: $*" >&2
  cat "$work/out" "$work/err" >&2 2>/dev/null || true
  exit 1
}

# run CODE WORD...: `stos run WORD...` ends with CODE; $work/out and $work/err are what it wrote.
run() {
  local wanted=$1 code=0
  shift
  timeout 60 "$stos" run "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
  ((code == wanted)) || fail "'stos run $*' ended with $code, wanted $wanted"
}

# script NAME: a shell program $work/NAME with the text on standard input.
script() { { echo '#!/bin/sh'; cat; } >"$work/$1"; chmod +x "$work/$1"; }

has() { grep -qF -- "$2" "$work/$1" || fail "no word of '$2' in $1"; }

# wait_until COMMAND...: it succeeds within 20 s.
wait_until() {
  local deadline=$((SECONDS + 20))
  until "$@"; do
    ((SECONDS < deadline)) || fail "waited in vain for: $*"
    sleep 0.05
  done
}

# A process is gone when it does not exist, or is a zombie of somebody else.
is_gone() { ! grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null; }
has_pids() { [[ $(cat "$work"/pid.* 2>/dev/null | wc -l) == "$1" ]]; }
all_gone() { local pid; for pid in $(cat "$work"/pid.*); do is_gone "$pid" || return 1; done; }
forget_pids() { rm -f "$work"/pid.*; }

export work

# ---- identity and output --------------------------------------------------------------------------

script identity <<'END'
echo "$STOS_DISTRIBUTED $STOS_CLUSTER_NODE $STOS_CLUSTER_NODES $STOS_ENGINE_WORKERS $*"
echo "$STOS_CLUSTER_ADDRESS" >"$work/address.$STOS_CLUSTER_NODE"
echo "$STOS_CLUSTER_PEERS" >"$work/peers.$STOS_CLUSTER_NODE"
cat # there is nothing to read
echo "to the error stream" >&2
printf 'no line break'
END
STOS_ENGINE_WORKERS=2 STOS_CLUSTER_NODES=77 run 0 -n 3 -- "$work/identity" --end-time '1 2'
for k in 1 2 3; do
  has out "node$k | true node$k 3 2 --end-time 1 2"
  has out "node$k | no line break"
  has err "node$k | to the error stream"
done
has err 'stos run: node1, node2, node3 have ended without joining the cluster'
[[ $(wc -l <"$work/out") == 6 && $(wc -l <"$work/err") == 4 ]] || fail "more lines than written"
[[ $(cat "$work"/peers.* | sort -u) == "$(cat "$work"/address.node{1,2,3} | paste -sd,)" ]] ||
  fail "peers are not the addresses of all nodes"
[[ $(sort -u "$work"/address.* | grep -c '^127\.0\.0\.1:[1-9][0-9]*$') == 3 ]] ||
  fail "nodes have no addresses of their own"

script exposed <<'END'
echo "$STOS_MONITORING_ADDRESS"
END
run 0 -n 3 --monitoring 127.0.0.1:9464 "$work/exposed"
for k in 1 2 3; do has out "node$k | 127.0.0.1:$((9463 + k))"; done
STOS_MONITORING_ADDRESS=127.0.0.1:0 run 0 -n 2 "$work/exposed"
for k in 1 2; do has out "node$k | 127.0.0.1:0"; done

free_port=$(cut -d : -f 2 "$work/address.node1")
run 0 -n 1 --base-port "$free_port" --host localhost "$work/identity"
[[ $(cat "$work/peers.node1") == "localhost:$free_port" ]] || fail "not the port asked for"

run 0 -n 10 --only-first "$work/identity"
[[ $(cut -d '|' -f 1 "$work/out" | sort -u) == 'node1  ' ]] || fail "not the first node alone"
[[ $(grep -vc 'without joining the cluster' "$work/err") == 1 ]] ||
  fail "more than the errors of the first node is shown"

script chatter <<'END'
i=0
while [ $i -lt 2000 ]; do
  i=$((i + 1))
  printf 'line %s of ' $i; printf '%s ends\n' "$STOS_CLUSTER_NODE"
done
END
run 0 -n 3 "$work/chatter"
for k in 1 2 3; do
  grep "^node$k | " "$work/out" | cmp - <(seq 2000 | sed "s/.*/node$k | line & of node$k ends/") ||
    fail "lines of node$k are torn or out of order"
done
[[ $(wc -l <"$work/out") == 6000 ]] || fail "lines of no node"

script junk <<'END'
head -c 300000 /dev/zero
printf '\377\n'
END
run 0 -n 2 "$work/junk"
[[ $(tr -cd '\0' <"$work/out" | wc -c) == 600000 ]] || fail "bytes were lost"

# A slow reader loses nothing, and a reader that goes away ends the run.
"$stos" run -n 2 sh -c 'seq 200000' 2>"$work/err" | { sleep 1; wc -l; } >"$work/out"
[[ $(cat "$work/out") == 400000 ]] || fail "a slow reader got $(cat "$work/out") lines"
timeout 30 "$stos" run -n 2 sh -c 'while :; do echo x; sleep 0.1; done' 2>"$work/err" | head -n 1 \
  >"$work/out" || [[ ${PIPESTATUS[0]} == 143 ]] || fail "nobody reads, and it did not end"

# ---- exit codes -----------------------------------------------------------------------------------

script ending <<'END'
case $STOS_CLUSTER_NODE in
  node1) exit 0 ;;
  node2) exit 3 ;;
  node3) exit 7 ;;
esac
END
run 0 -n 1 "$work/ending"
run 7 -n 3 "$work/ending"
has err 'stos run: node2 ended with exit code 3'
has err 'stos run: node3 ended with exit code 7'
[[ $(grep -vc 'node1 has ended without joining the cluster' "$work/err") == 2 ]] ||
  fail "more is said than who failed"

run 137 -n 2 sh -c 'if [ $STOS_CLUSTER_NODE = node2 ]; then kill -KILL $$; fi'
has err 'stos run: node2 was ended by signal 9 (Killed)'

run 127 -n 3 "$work/missing"
has err "stos run: error: cannot start $work/missing: No such file or directory"
run 127 -n 3 no-such-program-anywhere
touch "$work/plain"
run 126 -n 3 "$work/plain"
has err "cannot start $work/plain: Permission denied"
run 2 -n 3
run 2 -n none true
run 1 -n 1 --host 192.0.2.1 true
has err 'no node can listen on 192.0.2.1'
code=0; "$stos" rnu >"$work/out" 2>"$work/err" || code=$?
((code == 2)) || fail "an unknown subcommand ended with $code"
has err 'unknown subcommand "rnu"; did you mean "run"?'
"$stos" --help >"$work/out"
has out '  run '

# ---- failures bring the others to an end ----------------------------------------------------------

script stubborn <<'END'
trap 'echo "got TERM"' TERM
echo $$ >"$work/pid.$STOS_CLUSTER_NODE"
if [ $STOS_CLUSTER_NODE = node1 ]; then exit 5; fi
if [ $STOS_CLUSTER_NODE = node2 ]; then trap 'exit 0' TERM; fi
while :; do sleep 0.1; done
END
run 137 -n 3 --grace 0.5 "$work/stubborn"
has err 'stos run: node1 ended with exit code 5'
has err 'stos run: SIGTERM to node2, node3'
has out 'node3 | got TERM'
has err 'stos run: SIGKILL to node3'
has err 'stos run: node3 was ended by signal 9'
all_gone || fail "a node is left"
forget_pids

begin=$SECONDS
run 5 -n 2 --grace 30 sh -c 'if [ $STOS_CLUSTER_NODE = node1 ]; then exit 5; fi; sleep 1'
((SECONDS - begin < 15)) || fail "the grace period was waited for in vain"

run 143 -n 2 --timeout 0.3 sleep 60
has err 'stos run: the time is over, 0.3 s'
run 124 -n 1 --timeout 0.3 sh -c 'trap "exit 0" TERM; while :; do sleep 0.05; done'

# What a node leaves behind in its group ends with it.
run 0 -n 1 sh -c 'sleep 60 & echo $! >"$work/pid.left"'
all_gone || fail "a process of a node is left"
forget_pids

# ---- a port that was taken in the meantime --------------------------------------------------------

script unlucky <<'END'
echo x >>"$work/tries"
if [ "$(grep -c x "$work/tries")" -le $unlucky ] && [ $STOS_CLUSTER_NODE = node1 ]; then
  echo "error: $STOS_CLUSTER_ADDRESS: Address already in use" >&2
  exit 1
fi
if [ "$STOS_CLUSTER_ADDRESS" = "$(cat "$work/first" 2>/dev/null)" ]; then exit 9; fi
echo $STOS_CLUSTER_ADDRESS >"$work/first"
END
unlucky=1 run 0 -n 1 "$work/unlucky"
has err 'stos run: a port was taken in the meantime: starting again'
rm "$work/tries"
unlucky=100 run 1 -n 1 "$work/unlucky"
[[ $(wc -l <"$work/tries") == 3 ]] || fail "not three tries"
rm "$work/tries"
unlucky=100 run 1 -n 1 --base-port "$free_port" "$work/unlucky"
[[ $(wc -l <"$work/tries") == 1 ]] || fail "other ports than those asked for were tried"

# ---- signals --------------------------------------------------------------------------------------

script waiting <<'END'
for name in INT TERM HUP QUIT USR1 ALRM PROF RTMIN; do trap "echo got $name; exit 4" $name; done
trap "echo got USR2" USR2 # and goes on
echo $$ >"$work/pid.$STOS_CLUSTER_NODE"
while :; do sleep 0.05; done
END
for name in INT TERM HUP QUIT USR1 ALRM PROF RTMIN; do
  "$stos" run -n 2 "$work/waiting" >"$work/out" 2>"$work/err" &
  launcher=$!
  wait_until has_pids 2
  kill -"$name" $launcher
  code=0; wait $launcher || code=$?
  ((code == 4)) || fail "after SIG$name it ended with $code"
  for k in 1 2; do has out "node$k | got $name"; done
  all_gone || fail "a node outlived SIG$name"
  forget_pids
done

# What does not end the nodes does not end the launcher.
"$stos" run -n 2 --grace 0.2 "$work/waiting" >"$work/out" 2>"$work/err" &
launcher=$!
wait_until has_pids 2
kill -USR2 $launcher
for k in 1 2; do wait_until grep -q "node$k | got USR2" "$work/out"; done
sleep 0.6 # no grace period begins
! all_gone || fail "SIGUSR2 has ended the nodes"
kill -TERM $launcher
code=0; wait $launcher || code=$?
((code == 4)) || fail "after SIGUSR2 and SIGTERM it ended with $code"
forget_pids

script deaf <<'END'
trap '' INT TERM
echo $$ >"$work/pid.$STOS_CLUSTER_NODE"
while :; do sleep 0.05; done
END
"$stos" run -n 2 "$work/deaf" >"$work/out" 2>"$work/err" &
launcher=$!
wait_until has_pids 2
kill -INT $launcher
sleep 0.3
kill -INT $launcher
code=0; wait $launcher || code=$?
((code == 137)) || fail "the second SIGINT gave $code"
all_gone || fail "a node outlived the second SIGINT"
forget_pids

# Killed, the launcher takes its nodes along.
"$stos" run -n 3 "$work/deaf" >"$work/out" 2>"$work/err" &
launcher=$!
wait_until has_pids 3
disown $launcher # the shell has nothing to say about it
kill -KILL $launcher
wait_until all_gone
forget_pids

# Also what its nodes have started, which the kernel does not know as ours.
for wrapper in '"$work/deaf"; true' '(trap "" INT TERM; "$work/deaf"; true) & wait'; do
  "$stos" run -n 3 sh -c "$wrapper" >"$work/out" 2>"$work/err" &
  launcher=$!
  wait_until has_pids 3
  disown $launcher
  kill -KILL $launcher
  wait_until all_gone
  forget_pids
done

# ---- closed and full descriptors ------------------------------------------------------------------

export stos
# closed CODE REDIRECTIONS WORD...: likewise, where a shell has closed some descriptors.
closed() {
  local wanted=$1 code=0
  timeout 60 sh -c '"$stos" run "$@" '"$2" "$2" "${@:3}" >"$work/out" 2>"$work/err" || code=$?
  ((code == wanted)) || fail "'stos run ${*:3} $2' ended with $code, wanted $wanted"
}
closed 0 '2>&-' -n 1 true
closed 0 '<&- 2>&-' -n 3 echo hello
[[ $(sort "$work/out") == $'node1 | hello\nnode2 | hello\nnode3 | hello' ]] || fail "lines are lost"
closed 1 '>&-' -n 2 echo hello
has err 'stos run: error: cannot write to standard output: Bad file descriptor'
closed 0 '>&-' -n 1 true
closed 1 '<&- >&- 2>&-' -n 2 echo hello
if [[ -w /dev/full ]]; then
  closed 1 '>/dev/full' -n 2 echo hello
  has err 'stos run: error: cannot write to standard output: No space left on device'
  closed 1 '>/dev/full' -q -n 2 echo hello
  closed 5 '>/dev/full' -n 2 sh -c 'echo hello; exit 5'
  closed 0 '2>/dev/full' -n 2 echo hello
fi
! "$stos" run -n 1 sh -c 'sleep 0.2; echo hello' 2>"$work/err" | true || fail "a reader who has left went unnoticed"

# ---- words ----------------------------------------------------------------------------------------

"$stos" --version >"$work/out"
has out 'libstos '
if grep -q . /proc/net/if_inet6 2>/dev/null; then
  run 0 -n 1 --host '[::1]' "$work/identity"
  grep -q '^\[::1\]:[1-9]' "$work/address.node1" || fail "another address than ::1"
fi

echo "launcher: ok"
