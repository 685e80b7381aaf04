# compose.yaml and the Dockerfile, as far as a machine without containers can tell: what they name is
# there, ports agree with Prometheus' targets, the image has every library that the programs need; and
# the services of the cluster, with the environments and commands that are written there, do the job
# on this machine, where the names of machines and folders are replaced.
# timeout: 300
# alone
set -euo pipefail

test=containers
work=$(mktemp -d)
nodes=() # processes
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"
. "$STOS_SOURCE_DIR/tests/system/redis.bash"
end() {
  local one
  for one in "${nodes[@]}"; do kill -KILL "$one" 2>/dev/null && wait "$one" 2>/dev/null || true; done
  kill_redis
  rm -rf "$work"
}
trap end EXIT
python3 -c 'import yaml' 2>/dev/null || { echo "$test: skipped, there is no python3 with yaml"; exit 77; }
cd "$STOS_SOURCE_DIR"
step() { echo "$test: $*"; }

# ---- what is written ------------------------------------------------------------------------------

step "what is written"
python3 tests/system/compose.py check

# Each library comes from a package that the image installs, from what these need, or from Debian's smallest.
if command -v dpkg-query >/dev/null && ! grep -q '^STOS_SANITIZER:[A-Z]*=.' "$STOS_BUILD_DIR/CMakeCache.txt"; then
  installed=$(python3 tests/system/compose.py packages)
  needed=$(ldd "$STOS_BUILD_DIR/bin/stos" | awk '$3 ~ /^\// { print $3 }' | xargs -n 1 readlink -f | sed 's|^/usr||' |
    while read -r library; do dpkg-query -S "*$library" | sed 's/:.*//'; done | sort -u)
  mapfile -t known < <(printf '%s\n' libc6 libgcc-s1 libstdc++6 zlib1g "$installed")
  for _ in 1 2 3; do
    mapfile -t known < <({ printf '%s\n' "${known[@]}"
      dpkg-query -W -f '${Depends}, ' "${known[@]}" 2>/dev/null | tr ',|' '\n\n' | sed -E 's/^ *//; s/[ :(].*//'; } | grep . | sort -u)
  done
  for package in $needed; do
    printf '%s\n' "${known[@]}" | grep -qxF "$package" || fail "the image lacks $package"
  done
fi

# ---- what it does ---------------------------------------------------------------------------------

[[ -n $redis ]] || { echo "$test: ok, but for the services: there is no redis-server"; exit 0; }
read -r -a ports <<<"$(python3 - <<'END_OF_PROGRAM'
import socket
sockets = [socket.socket() for _ in range(4)]
for each in sockets: each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))
END_OF_PROGRAM
)"
port=
start_redis
mkdir "$work/keys"
names=(earth mars venus jupiter)
replacements=("/usr/local/share/stos=$STOS_SOURCE_DIR" "redis://redis:6379=redis://127.0.0.1:$port"
  "/keys=$work/keys" "0.0.0.0:9464=127.0.0.1:0")
for k in "${!names[@]}"; do replacements+=("${names[k]}:4242=127.0.0.1:${ports[k]}"); done

# service NAME, health NAME: replaces this process by the service, by what says whether it is well.
replace_by() {
  local words
  mapfile -d '' -t words < <(python3 tests/system/compose.py "$1" "$2" "${replacements[@]}" "/var/lib/stos=$work/$2")
  exec env -i PATH="$STOS_BUILD_DIR/bin:$STOS_BUILD_DIR/examples:$PATH" HOME="$work" "${words[@]}"
}
service() { replace_by service "$1"; }
health() { replace_by health "$1"; }

step "keys"
for _ in once twice; do
  (service keys) >"$work/keys.out" 2>&1 || fail "there are no keys"
done
step "nodes and a graph"
for name in "${names[@]}"; do
  mkdir "$work/$name"
  (service "$name") 2>"$work/$name.log" &
  nodes+=($!)
done
(service graph) >"$work/graph.out" 2>&1 || fail "there is no graph"
is_healthy() { (health "$1") >"$work/health.out" 2>&1; }
for name in "${names[@]}"; do wait_until 60 is_healthy "$name"; done

step "the job"
(service job) >"$work/job.out" 2>"$work/job.err" || fail "the job has failed"
PYTHONPATH=actors/jobs python3 examples/jobs/link_quality.py "redis://127.0.0.1:$port" Inheritance >"$work/alone.out" 2>/dev/null
diff <(jq -S . "$work/alone.out") <(jq -S . "$work/job.out") >&2 || fail "the job has another result"
for name in "${names[@]}"; do grep -q 'metrics exposed' "$work/$name.log" || fail "$name exposes no metrics"; done
for one in "${nodes[@]}"; do kill -TERM "$one"; done
for one in "${nodes[@]}"; do wait "$one" || fail "a node ended with $?"; done
nodes=()
echo "$test: ok"
