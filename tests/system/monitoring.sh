# A real Prometheus on the shipped configuration scrapes three nodes: every query of the dashboard
# and every rule finds data, and what it counts is what the nodes have. A scraper that hangs, a port
# that is taken and hundreds of connections disturb nobody.
# timeout: 300
set -euo pipefail

cluster=$STOS_BUILD_DIR/tests/system/made_up_cluster
work=$(mktemp -d)
test=monitoring
cluster_pid=

end() {
  local pid
  for pid in $prometheus_pid $cluster_pid; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
  rm -rf "$work"
}
trap end EXIT
. "$STOS_SOURCE_DIR/tests/system/prometheus.bash"

# ---- what is shipped, without a server ------------------------------------------------------------

promtool check config "$assets/prometheus.yml" >"$work/check.log" || fail "a bad configuration"
promtool check rules "$assets/alerts.yml" >"$work/check.log" || fail "bad rules"
promtool test rules "$assets/alerts_test.yml" >"$work/check.log" || fail "a rule fails its test"
for alert in $(sed -n 's/^ *- alert: //p' "$assets/alerts.yml"); do
  grep -A 2 "alertname: $alert\$" "$assets/alerts_test.yml" | grep -q exp_labels ||
    fail "no test sees $alert firing"
  grep -A 1 "alertname: $alert\$" "$assets/alerts_test.yml" | grep -q 'exp_alerts: \[\]' ||
    fail "no test sees $alert silent"
done

# Panels that are no rows, with those of collapsed rows.
panels='[.panels[] | ., (.panels // [])[] | select(.type != "row")]'
jq -e "$panels"' | length > 20 and all(
    (.title | length > 2) and (.description | length > 15) and
    (.fieldConfig.defaults.unit | type == "string" and length > 0) and
    .datasource.uid == "${datasource}" and
    (.targets | length > 0 and all(.refId != null and .datasource.uid == "${datasource}")) and
    .gridPos.x + .gridPos.w <= 24)' "$dashboard" >/dev/null ||
  fail "a panel lacks its title, description, unit, source, query or place"
jq -e '[.. | objects | select(has("gridPos")) | .id] | length == (unique | length)' \
  "$dashboard" >/dev/null || fail "two panels have one id"
jq -e '.panels | [.[] | .gridPos as $p | range($p.x; $p.x + $p.w) as $x |
       range($p.y; $p.y + $p.h) as $y | [$x, $y]] | length == (unique | length)' \
  "$dashboard" >/dev/null || fail "two panels overlap"
jq -e '.uid != null and .title != null and .schemaVersion >= 39 and .id == null and
       any(.panels[]; .type == "row" and .repeat == "node")' "$dashboard" >/dev/null ||
  fail "the dashboard lacks its name, its version or the row of each node"

# ---- three nodes, and a Prometheus ----------------------------------------------------------------

mkfifo "$work/commands" "$work/answers"
"$cluster" <"$work/commands" >"$work/answers" 2>"$work/cluster.log" &
cluster_pid=$!
exec {commands}>"$work/commands" {answers}<"$work/answers"

answer() { IFS= read -r -t 20 "$1" <&"$answers" || fail "no answer of the cluster"; }
declare -A address
for _ in 1 2 3; do
  answer line
  address[${line% *}]=${line#* }
done

# agents: what the cluster says that it has, as lines `NODE TYPE N`, sorted.
agents() {
  local line
  echo agents >&"$commands"
  while answer line && [[ $line != . ]]; do echo "$line"; done | LC_ALL=C sort
}

start_prometheus "${address[@]}"
get "${address[earth]}" /metrics | promtool check metrics >"$work/check.log" 2>&1 ||
  fail "metrics are not as Prometheus wants them"
check_dashboard made-up
check_rules 3

# ---- agents are those that the cluster has --------------------------------------------------------

agents_agree() { [[ $(agents_in_prometheus) == "$(agents)" ]]; }
migrate() {
  local line
  echo "migrate $*" >&"$commands"
  answer line
  [[ $line == migrated ]] || fail "the cluster answers '$line'"
}

[[ $(agents | wc -l) == 6 ]] || fail "the cluster has other agents than expected: $(agents)"
wait_until 60 agents_agree
migrate venus earth 299 Ship
wait_until 60 agents_agree
has_data 'stos_agents{node="earth", type="Ship"} == 399' || fail "agents have not moved"
has_data 'stos_migrations_total{node="venus", result="done"} == 299' || fail "nobody has counted"

# ---- what must not disturb ------------------------------------------------------------------------

# The port is taken.
if "$cluster" "${address[mars]}" </dev/null >"$work/second.log" 2>&1; then fail "a taken port was no error"; fi
grep -qF "cannot expose metrics at ${address[mars]}: Address already in use" "$work/second.log" ||
  fail "not the error that was wanted"
if "$cluster" 192.0.2.1:9464 </dev/null >"$work/second.log" 2>&1; then fail "a strange address was no error"; fi
grep -qF '192.0.2.1:9464: this machine has no such address' "$work/second.log" ||
  fail "not the error that was wanted"

# More scrapers than there are threads begin a request and hang; hundreds only connect.
sockets=()
for n in {1..250}; do
  exec {socket}<>"/dev/tcp/${address[earth]/://}" # the kernel takes so many, or this would wait
  sockets+=("$socket")
  if ((n <= 4)); then printf 'GET /met' >&"$socket"; fi
done
started=$SECONDS
migrate mars earth 10 Ship
((SECONDS - started < 5)) || fail "scrapers that hang hold up the node"
wait_until 60 has_data 'stos_agents{node="mars", type="Ship"} == 190' # others are scraped as before
for socket in "${sockets[@]}"; do exec {socket}>&-; done
wait_until 60 agents_agree # and earth is, too, once they are gone

echo stop >&"$commands"
wait "$cluster_pid" || fail "the cluster ended with status $?"
cluster_pid=
echo "monitoring: ok, $queries queries"
