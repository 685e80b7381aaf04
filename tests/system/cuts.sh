# Cuts as users have them: taken on the serial engine, on workers, on nodes, at a signal; a run goes on
# from each of them anywhere, to the digest, the trace and the states of the run that was not cut. Cuts
# are looked into, and compared.
# timeout: 300
set -euo pipefail

lattice=$STOS_BUILD_DIR/examples/lattice
family=$STOS_BUILD_DIR/examples/family
stos=$STOS_BUILD_DIR/bin/stos
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

test=cuts
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"
fail() { echo "cuts: $*" >&2; exit 1; }
wanted() { grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "wanted '$2' in the output above"; }; }
refused() { # wanted text, arguments
  local text=$1; shift
  if "$@" >refused.out 2>&1; then fail "$*: wanted an error"; fi
  wanted refused.out "$text"
}
states() { sed -n 's/^.*\(state  *[0-9a-f]\{16\} at [0-9.e+-]* s\).*$/\1/p' "$1" | sort -u; }
digest() { sed -n 's/^.*[^ ]*\bdigest  *\([0-9a-f]\{16\}\)$/\1/p' "$1" | sort -u; }

# ---- one run, cut on each engine ------------------------------------------------------------------

"$lattice" --end-time 20 --serial --trace plain.trace >plain 2>&1
for engine in --serial --workers=1 --workers=2; do
  "$lattice" --end-time 20 "$engine" --trace "cut$engine.trace" --cut-at 5,10.5,15 \
    --cut-path "store$engine" >"cut$engine" 2>&1
  [[ $(digest "cut$engine") == $(digest plain) ]] || fail "$engine: the cuts have changed the digest"
  cmp plain.trace "cut$engine.trace" || fail "$engine: the cuts have changed the trace"
  [[ $(states "cut$engine" | wc -l) == 3 ]] || { cat "cut$engine" >&2; fail "$engine: wanted 3 states"; }
  [[ $(states "cut$engine") == $(states cut--serial) ]] || fail "$engine: other states"
done
"$stos" run -n 3 "$lattice" --end-time 20 --cut-at 5,10.5,15 --cut-path store-nodes >cut-nodes 2>&1
[[ $(states cut-nodes) == $(states cut--serial) ]] || { cat cut-nodes >&2; fail "nodes: other states"; }

# What programs read says the same.
"$lattice" --end-time 20 --workers 2 --cut-at 5,10.5,15 --cut-path "" --json cut.json >out 2>&1
[[ $(jq -r '.cuts[] | "state           \(.state) at \(.time) s"' cut.json) == $(states cut--serial | sort -n -k4) ]] ||
  { cat cut.json >&2; fail "--json: other states"; }
[[ $(jq -r '.digest, .value_digest' cut.json | sort -u) == $(digest plain) ]] || fail "--json: another digest"

# ---- it goes on from each, anywhere ---------------------------------------------------------------

for store in store--serial store--workers=2 store-nodes; do
  for from in "$store" "$store@5" "$store@10.5s"; do
    "$lattice" --end-time 20 --serial --from "$from" >again 2>&1
    [[ $(digest again) == $(digest plain) ]] || { cat again >&2; fail "$from on the serial engine"; }
    "$lattice" --end-time 20 --workers 2 --from "$from" >again 2>&1
    [[ $(digest again) == $(digest plain) ]] || { cat again >&2; fail "$from on workers"; }
  done
  "$stos" run -n 2 "$lattice" --end-time 20 --from "$store@5" --cut-at 15 --cut-path again-nodes \
    >again 2>&1
  [[ $(digest again) == $(digest plain) ]] || { cat again >&2; fail "$store on nodes"; }
  [[ $(states again) == $(states cut--serial | grep "at 15 s") ]] || fail "$store on nodes: other state"
  wanted again "went on from    cut at 5 s of run default"
done
"$lattice" --end-time 20 --workers 2 --from store--serial@10.5 --trace again.trace >again 2>&1
cmp plain.trace again.trace || fail "the trace of a run that went on is not that of the whole run"

# ---- a signal, and on from there ------------------------------------------------------------------

STOS_SNAPSHOT_AT_EXIT=true "$lattice" --agents 10000 --end-time 100000 --workers 2 --cut-path at-exit \
  --cut-every "10000 s wall" >at-exit.out 2>&1 &
pid=$!
has_its_store() { [[ -d at-exit ]]; }
wait_until 60 has_its_store
sleep 0.2
kill -TERM "$pid"
wait "$pid" && fail "SIGTERM: wanted exit code 143"
wanted at-exit.out "cut at"
wanted at-exit.out "SIGTERM has ended the run"
at=$(sed -n 's/^.*cut at \([0-9.e+]*\) s:.*$/\1/p' at-exit.out)
"$lattice" --agents 10000 --end-time "$(awk "BEGIN { print int($at) + 5 }")" --serial --digest-only >whole
"$lattice" --agents 10000 --end-time "$(awk "BEGIN { print int($at) + 5 }")" --serial --digest-only \
  --from at-exit >on
cmp whole on || fail "the run that SIGTERM has cut came to another end"

# ---- looking in -----------------------------------------------------------------------------------

"$lattice" --show store--serial@5 >all.json
[[ $(jq -s length all.json) == 1000 ]] || fail "--show: wanted 1000 agents"
"$lattice" --show store--workers=2@5 --agent 7 >one.json
[[ $(jq -r .agent one.json) == 7 ]] || { cat one.json >&2; fail "--show --agent 7"; }
cmp <(jq -S 'select(.agent == "7")' all.json) <(jq -S . one.json) || fail "--show: other agents"

"$lattice" --diverge store--serial,store-nodes >same || fail "--diverge: the two stores are equal"
wanted same "3 cuts of run default have one time and one state in both"
"$lattice" --end-time 20 --serial --from store--serial@5 --branch warm --seed 2 --cut-at 10.5,15 \
  --cut-path warm >/dev/null 2>&1
"$lattice" --end-time 20 --serial --from store--serial@5 --branch warm --seed 3 --cut-at 10.5,15 \
  --cut-path warmer >/dev/null 2>&1
if "$lattice" --branch warm --diverge warm,warmer >differ; then fail "--diverge: they differ"; fi
wanted differ "at 10.5 s the states differ"
wanted differ "agent 1 (Site)"

# A model that it finds out, and where.
forgetful=$STOS_BUILD_DIR/tests/system/forgetful
export STOS_SNAPSHOT_KEEP=0
seconds=$(seq -s, 1 19)
"$forgetful" --serial --cut-at "$seconds" --cut-path one 2>/dev/null >&2
DRAWN_BEFORE=7 "$forgetful" --workers 2 --cut-at "$seconds" --cut-path other 2>/dev/null >&2
unset STOS_SNAPSHOT_KEEP
if "$forgetful" --diverge one,other >differ; then fail "--diverge: these differ, too"; fi
wanted differ "Drawer): members.sum is"
wanted differ "from 8 s to 9 s"
wanted differ "the first event that differs: agent 3 ("
wanted differ "absorbs Drawer::wait()"
wanted differ "    members.sum is"
# Its states differ, but what happens from one equal cut on does not.
if "$lattice" --branch warm --diverge warm,warmer --serial >differ; then fail "--diverge: they differ"; fi
wanted differ "no earlier cut is equal"

# ---- a run that goes on, from elsewhere -----------------------------------------------------------

# No cuts are wanted there until somebody asks for one, at any of the nodes.
world=(--agents 1000 --end-time 100000)
mkdir live
(cd live && exec "$stos" run -n 2 "$lattice" "${world[@]}" --workers 1 >../live.out 2>&1) &
pid=$!
address_is_known() { grep -qs "stos top" live.out; }
wait_until 60 address_is_known
first=$(sed -n 's/^.*stos top \(.*\)$/\1/p' live.out)
runs() { "$stos" simulations "$first" --json 2>/dev/null | grep -q '"simulated_time_s":[1-9]'; }
wait_until 60 runs
second=$("$stos" nodes "$first" --json | jq -r '.nodes[] | select(.node == "node2") | .address')
"$stos" show "$second" 7 >seven.json
[[ $(jq -r '.agent, .class' seven.json | tr '\n' ' ') == "7 Site " ]] || fail "stos show: not agent 7"
[[ $(jq '.members | has("last_token")' seven.json) == true ]] || fail "stos show: no members"
refused "there is no agent \"nobody\"" "$stos" show "$first" nobody
"$stos" snapshot "$first" >asked.1
wanted asked.1 "number 1 in snapshots"
"$stos" snapshot "$second" --json >asked.2
kill -TERM "$pid"
wait "$pid" && fail "SIGTERM: wanted another exit code"
[[ $(jq .number asked.2) == 2 ]] || { cat asked.2 >&2; fail "stos snapshot: wanted the second cut"; }
refused "no process listens there" "$stos" snapshot "$first"
at=$(jq .time asked.2)
"$lattice" "${world[@]}" --serial --cut-at "$at" --cut-path as-asked >as-asked.out 2>&1 &
pid=$!
is_cut() { grep -qs "^lattice: cut at" as-asked.out; }
wait_until 120 is_cut
kill -TERM "$pid"
wait "$pid" && fail "SIGTERM: wanted exit code 143"
wanted as-asked.out "state $(jq -r .state asked.2)"

# ---- what is refused, and how ---------------------------------------------------------------------

refused "simulation.seed was 1, and is 2" "$lattice" --seed 2 --from store--serial
refused "t = 5 s" "$lattice" --from store--serial@6
refused "is of another program" "$family" --from store--serial
refused "no-such-place" "$lattice" --from no-such-place
refused "allowed: a list" "$lattice" --cut-at soon
echo "cuts: ok"
