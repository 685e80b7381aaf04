# Who may come in. Attacked from the outset, with keys and without, a cluster comes to the right
# digest, takes little memory for it and says little about it. Who shows no certificate of the
# cluster, an old one, a revoked one or another one's is refused, and is told why. Without keys no
# node listens where others can reach it.
# timeout: 600
set -euo pipefail

stos=$STOS_BUILD_DIR/bin/stos
lattice=$STOS_BUILD_DIR/examples/lattice
pingpong=$STOS_BUILD_DIR/examples/pingpong
attacker=$STOS_BUILD_DIR/tests/system/attacker
work=$(mktemp -d)
test=gate
pids=

end() {
  local pid
  for pid in $pids; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
  rm -rf "$work"
}
trap end EXIT
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"
export XDG_STATE_HOME=$work/state

# free_ports N: so many that nobody listens on.
free_ports() {
  python3 - "$1" <<'END' 2>/dev/null || shuf -i 20000-32000 -n "$1" | tr '\n' ' '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[s.getsockname()[1] for s in sockets])
END
}

# ---- attacks --------------------------------------------------------------------------------------

run=(--agents 10000 --end-time 60 --workers 1)
wanted=$("$lattice" "${run[@]}" --digest-only)

# memory_of PID: the most that it has had, in KiB.
memory_of() { sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null; }

# attacked NAME [MODE...]: the run on three nodes while attackers of these modes are at work. Sets
# most_kib to the most memory of a node, and rounds to how often they have attacked.
attacked() {
  local name=$1 mode port node ports=() nodes=() attackers=() files=()
  shift
  read -r -a ports < <(free_ports 3)
  local peers
  peers=$(printf '127.0.0.1:%s,' "${ports[@]}")
  for node in 1 2 3; do
    port=${ports[node - 1]}
    "$lattice" "${run[@]}" --distributed --node "node$node" --address "127.0.0.1:$port" \
      --peers "${peers%,}" --digest-only >"$work/$name$node.out" 2>"$work/$name$node.log" &
    nodes+=($!)
    pids+=" $!"
  done
  for mode in "$@"; do
    mkfifo "$work/$name.$mode"
    "$attacker" "$mode" "${ports[@]}" <"$work/$name.$mode" >"$work/$mode.out" 2>&1 &
    attackers+=($!)
    exec {file}>"$work/$name.$mode"
    files+=("$file")
  done
  most_kib=0
  local memory is_running=yes
  while [[ $is_running == yes ]]; do
    is_running=no
    for node in "${nodes[@]}"; do
      memory=$(memory_of "$node") || true
      if [[ -n $memory ]]; then
        is_running=yes
        ((memory <= most_kib)) || most_kib=$memory
      fi
    done
    sleep 0.05
  done
  for node in 1 2 3; do
    wait "${nodes[node - 1]}" || fail "$name: node$node has ended with $?"
    [[ $(cat "$work/$name$node.out") == "$wanted" ]] ||
      fail "$name: node$node has another digest than $wanted"
    (($(wc -l <"$work/$name$node.log") < 60)) || fail "$name: node$node says too much"
    ! grep -q $'\033' "$work/$name$node.log" || fail "$name: node$node repeats what it is told"
  done
  rounds=0
  for file in "${files[@]}"; do exec {file}>&-; done
  local attacker_pid
  for attacker_pid in "${attackers[@]}"; do wait "$attacker_pid" || fail "an attacker has failed"; done
  for mode in "$@"; do rounds=$((rounds + $(wc -l <"$work/$mode.out"))); done
}

attacked calm
calm_kib=$most_kib
attacked noisy without-keys
((rounds > 0)) || fail "nobody has attacked"
! grep -q '^[1-9]' "$work/without-keys.out" || fail "somebody without keys was let in"
grep -q "newcomer refused address=127.0.0.1" "$work"/noisy1.log || fail "nothing is said of attacks"
noisy_kib=$most_kib
attacked sly with-keys
grep -q '^[1-9]' "$work/with-keys.out" || fail "nobody with keys was let in"
grep -q 'connection closed peer=' "$work"/sly1.log || fail "nothing is said of wrong peers"
sly_kib=$most_kib
attacked both with-keys without-keys
for kib in "$noisy_kib" "$sly_kib" "$most_kib"; do
  ((kib < calm_kib + 65536 * slower)) ||
    fail "attacks take memory: $calm_kib KiB without, $kib KiB with them"
done
echo "gate: attacked nodes have the right digest and at most $((most_kib - calm_kib)) KiB more"

# ---- what TLS there is ----------------------------------------------------------------------------

# A node that waits for another one.
keys=$work/keys
"$stos" keys create "$keys"
"$stos" keys add-node "$keys" node1 node2 node3 old >/dev/null
"$stos" keys add-tool "$keys" alice >/dev/null
"$stos" keys add-tool "$keys" bob --may command >/dev/null
"$stos" keys create "$work/others"
"$stos" keys add-node "$work/others" node2 >/dev/null
"$stos" keys add-tool "$work/others" eve >/dev/null

# with_keys FOLDER NAME COMMAND...: a program, so that timeout(1) can run it.
cat >"$work/with_keys" <<'END'
#!/bin/sh
export STOS_CLUSTER_TLS_CA="$1/ca.crt" STOS_CLUSTER_TLS_REVOKED="$1/revoked.crl"
export STOS_CLUSTER_TLS_CERTIFICATE="$1/$2.crt" STOS_CLUSTER_TLS_KEY="$1/$2.key"
shift 2
exec "$@"
END
chmod +x "$work/with_keys"
with_keys=$work/with_keys
read -r first second < <(free_ports 2)
echo secret >"$work/password"
STOS_MONITORING_ADDRESS=127.0.0.1:0 STOS_MONITORING_USER=prometheus \
  STOS_MONITORING_PASSWORD_FILE=$work/password \
  "$with_keys" "$keys" node1 "$pingpong" --distributed --address "127.0.0.1:$first" --nodes 2 \
  --digest-only >"$work/one.out" 2>"$work/one.log" &
one=$!
pids+=" $one"
at=127.0.0.1:$first
answers() { "$with_keys" "$keys" alice "$stos" nodes "$at" >"$work/nodes.out" 2>"$work/nodes.err"; }
wait_until 20 answers
grep -q node1 "$work/nodes.out" || fail "a tool does not see the node"

# s_client WORD...: what openssl(1) says of a connection.
s_client() {
  openssl s_client -connect "$at" -CAfile "$keys/ca.crt" "$@" </dev/null >"$work/s_client.out" 2>&1
}
own=(-cert "$keys/alice.crt" -key "$keys/alice.key")
for version in -tls1_2 -tls1_3; do
  s_client "$version" "${own[@]}" -verify_return_error || fail "$version: no handshake"
  grep -q "Verify return code: 0 (ok)" "$work/s_client.out" || fail "$version: no good certificate"
  grep -q "Acceptable client certificate CA names\|Requested Signature Algorithms" \
    "$work/s_client.out" || fail "$version: no certificate of the client is asked for"
  ! grep -q "New, TLSv1.2, Cipher is AES\|Compression: zlib" "$work/s_client.out" ||
    fail "$version: no forward secrecy, or compression"
done
for version in -tls1 -tls1_1; do
  ! s_client "$version" -cipher 'ALL:@SECLEVEL=0' "${own[@]}" || fail "$version is spoken"
done
for suites in aNULL:@SECLEVEL=0 eNULL:@SECLEVEL=0 kRSA:@SECLEVEL=0 RC4:3DES:@SECLEVEL=0; do
  ! s_client -tls1_2 -cipher "$suites" "${own[@]}" || fail "a suite of $suites is spoken"
done
! s_client -tls1_2 || fail "TLS 1.2 without a certificate"
# With TLS 1.3 the client is told after its handshake.
s_client -tls1_3 -ign_eof || true
grep -q "certificate required" "$work/s_client.out" || fail "TLS 1.3 without a certificate"

# ---- metrics --------------------------------------------------------------------------------------

wait_until 20 grep -q "metrics exposed" "$work/one.log"
metrics=$(sed -n 's/.*metrics exposed address=//p' "$work/one.log")
# scraped STATUS [USER:PASSWORD]: a scraper with these words gets that status.
scraped() {
  local words=$'\r\n' socket
  [[ $# == 1 ]] || words="Authorization: Basic $(printf %s "$2" | base64)"$'\r\n\r\n'
  exec {socket}<>"/dev/tcp/${metrics%:*}/${metrics#*:}"
  printf 'GET /metrics HTTP/1.0\r\n%s' "$words" >&"$socket"
  timeout 20 cat <&"$socket" >"$work/scraped.out" || true
  exec {socket}>&-
  grep -q "^HTTP/1.1 $1" "$work/scraped.out" || fail "a scraper with '${2:-}' did not get $1"
}
scraped 401
scraped 401 prometheus:guess
scraped 401 root:secret
scraped 200 prometheus:secret

# ---- who is refused, and what is said about it ----------------------------------------------------

# refused TEXT COMMAND...: it fails, and says so.
refused() {
  local text=$1 code=0
  shift
  timeout 60 "$@" >"$work/refused.out" 2>&1 || code=$?
  ((code != 0)) || fail "was let in: $*"
  grep -q -- "$text" "$work/refused.out" || fail "'$*' does not say '$text': $(cat "$work/refused.out")"
}
refused "certificate" "$with_keys" "$work/others" eve "$stos" nodes "$at"
refused "certificate" "$stos" nodes "$at"
refused "wanted: the same name" "$with_keys" "$keys" node2 "$pingpong" --distributed --node node3 \
  --address "127.0.0.1:$second" --peers "$at" --nodes 2
refused "is of \"look alice\"" "$with_keys" "$keys" alice "$pingpong" --distributed \
  --address "127.0.0.1:$second" --peers "$at" --nodes 2
"$stos" keys revoke "$keys" old
refused "revoked" "$with_keys" "$keys" old "$stos" nodes "$at"
STOS_CLUSTER_START_TIMEOUT=3s refused "start_timeout.*certificate" "$with_keys" "$work/others" node2 \
  "$pingpong" --distributed --address "127.0.0.1:$second" --peers "$at" --nodes 2

# A tool that may look commands nothing.
refused "wanted: that of a tool that may command" "$with_keys" "$keys" alice "$stos" migrate "$at" --to node1 --agents 1
refused "no simulation\|no node" "$with_keys" "$keys" bob "$stos" migrate "$at" --to node1 --agents 1

"$with_keys" "$keys" node2 "$pingpong" --distributed --address "127.0.0.1:$second" --peers "$at" \
  --nodes 2 --digest-only >"$work/two.out" 2>"$work/two.log" || fail "node2 was not let in"
wait "$one" || fail "node1 has failed"
[[ $(cat "$work/one.out") == "$(cat "$work/two.out")" ]] || fail "two digests"

# ---- without keys ---------------------------------------------------------------------------------

refused "cluster.insecure: true" "$pingpong" --distributed --address 0.0.0.0:0 --nodes 2
STOS_CLUSTER_INSECURE=true "$pingpong" --distributed --address 0.0.0.0:0 --nodes 1 --digest-only \
  >"$work/insecure.out" 2>"$work/insecure.log" || fail "no insecure node"
grep -q "warning: cluster.insecure is true" "$work/insecure.log" || fail "no warning"
echo "gate: keys are asked for, and tell who may what"
