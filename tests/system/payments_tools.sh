# Three nodes that keep accounts together, looked at from outside. Metrics: each has commands of its
# own, all lead all groups together, and one of them knows how much of the quota is used. `stos`
# shows groups, agents and quotas, gives agents commands and asks them, as JSON.
# timeout: 300
set -euo pipefail

work=$(mktemp -d)
test=payments_tools
launcher=
trap 'kill "$launcher" 2>/dev/null && wait "$launcher" || true; rm -rf "$work"' EXIT
. "$STOS_SOURCE_DIR/tests/system/prometheus.bash"

# Clients pay until the launcher is stopped.
timeout 260 "$STOS_BUILD_DIR/bin/stos" run -n 3 --monitoring 127.0.0.1:0 \
  "$STOS_BUILD_DIR/examples/payments" --accounts 20 --seconds 200 >"$work/out" 2>"$work/log" &
launcher=$!
exporter=()
for k in 1 2 3; do
  wait_until 60 grep -qs "^node$k | stos: metrics exposed" "$work/log"
  exporter[k]=$(sed -n "s/^node$k | stos: metrics exposed address=//p" "$work/log")
done

# sum METRIC...: of all nodes and labels. METRIC is the beginning of a line.
look() {
  local k
  for k in 1 2 3; do get "${exporter[k]}" /metrics >"$work/metrics$k" || return 1; done
}
sum() { cat "$work"/metrics? | awk -v name="$1" 'index($0, name) == 1 { sum += $NF } END { print sum + 0 }'; }
each_has_paid() {
  local k
  look || return 1
  for k in 1 2 3; do
    awk -v name="stos_replicated_transactions_total{node=\"node$k\",result=\"done\"}" \
      'index($0, name) == 1 && $NF > 100 { found = 1 } END { exit !found }' "$work/metrics$k" || return 1
  done
}
wait_until 60 each_has_paid
# 20 accounts; the groups are those of agents and of the quotas, beside the table, which all have.
all_is_seen() {
  look && [[ $(sum stos_replicated_agents) == 20 && $(sum 'stos_replicated_nodes') == 9 &&
             $(sum 'stos_replicated_quota_agents{') == 20 ]]
}
wait_until 100 all_is_seen # leaders report to the quotas once a minute
[[ $(cat "$work"/metrics? | grep -c '^stos_replicated_quota_limit_agents{.*quota="bank"') == 1 ]] ||
  fail "not one node shows the quota"
[[ $(cat "$work"/metrics? | grep '^stos_replicated_replicas{' | grep -c 'role="leader"') == 3 ]] ||
  fail "not all nodes show what they lead"
leaders=$(cat "$work"/metrics? | awk '/^stos_replicated_replicas{.*role="leader"/ { sum += $NF } END { print sum }')
groups=$(awk '/^stos_replicated_groups{/ { sum += $NF } END { print sum }' "$work/metrics1")
((leaders == groups + 1)) || fail "$groups groups and the table have $leaders leaders"
for k in 1 2 3; do
  promtool check metrics <"$work/metrics$k" >"$work/check.log" 2>&1 ||
    fail "metrics of node$k are not as Prometheus wants them: $(cat "$work/check.log")"
done

# ---- stos -----------------------------------------------------------------------------------------

stos=$STOS_BUILD_DIR/bin/stos
node=$(sed -n 's/^stos run: watch the nodes with: stos top //p' "$work/log")
at() { "$stos" "$@" --node "$node"; }
[[ $("$stos" groups "$node" --json | jq '[.[] | select(.kind == "agents") | .agents] | add') == 20 ]] ||
  fail "stos groups shows other agents"
[[ $(at agent list bank --type account | wc -l) == 20 ]] || fail "stos agent list shows other agents"
[[ $(at quota usage bank --json | jq -c '.[0] | [.quota, .agents]') == '["bank",20]' ]] ||
  fail "stos quota usage is wrong"
[[ $(at agent show bank account 7 | jq '.cents | type') == '"number"' ]] || fail "stos agent show is wrong"

at quota put toys 1
[[ $(at agent command toys account mine Pay '{"cents": 0}') == 1 ]] || fail "a command has another reply"
[[ $(at agent query toys account mine Look | jq -c .cents) == 0 ]] || fail "a query has another reply"

# refused WORD... EXPECTED: ends with 1, and says that.
refused() {
  local code=0 words=("${@:1:$#-1}")
  at "${words[@]}" >"$work/refused.out" 2>"$work/refused.log" || code=$?
  ((code == 1)) || fail "stos ${words[*]} ended with $code"
  [[ ! -s $work/refused.out ]] || fail "stos ${words[*]} printed something"
  grep -qF "${!#}" "$work/refused.log" || fail "stos ${words[*]} says: $(cat "$work/refused.log")"
}
refused agent query toys account nobody Look "agent_not_found"
refused agent command toys account mine Pay '{"cents": 1}' "failed: there are only 0 cents"
refused agent command toys account another Pay '{"cents": 0}' "quota_limit_reached"
refused agent command nothing account a Pay '{"cents": 0}' "quota_not_found"
refused agent command toys acount mine Pay '{"cents": 0}' 'there is no agent type "acount"'
refused agent command toys account mine Stay '{}' 'wanted: Open, Pay, Receive'
refused agent command toys account mine Pay '{"cents": "all"}' \
  'command Pay: field cents: wanted a whole number from -9223372036854775808 to'
refused agent command toys account mine Pay '{}' 'field cents is missing'
refused agent command toys account mine Pay '{"cents": 3' 'this is no JSON'

echo "payments_tools: ok, $(sum stos_replicated_transaction_duration_seconds_count) transactions"
