# A real Prometheus on the shipped configuration scrapes three nodes: every query of the dashboard
# and every rule finds data, and what it counts is what the nodes have. A scraper that hangs, a port
# that is taken and hundreds of connections disturb nobody.
# timeout: 300
set -euo pipefail

PATH=$PATH:${STOS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libstos}/prometheus/usr/bin
cluster=$STOS_BUILD_DIR/tests/system/made_up_cluster
assets=$STOS_SOURCE_DIR/monitoring
dashboard=$assets/grafana/dashboards/stos.json
work=$(mktemp -d)
prometheus_pid=
cluster_pid=

end() {
  local pid
  for pid in $prometheus_pid $cluster_pid; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
  rm -rf "$work"
}
trap end EXIT

fail() {
  echo "monitoring: $*" >&2
  tail -n 20 "$work"/*.log >&2 2>/dev/null || true
  exit 1
}

# wait_until COMMAND...: it succeeds within 60 s, however busy the machine is.
wait_until() {
  local deadline=$((SECONDS + 60))
  until "$@"; do
    ((SECONDS < deadline)) || fail "waited in vain for: $*"
    sleep 0.05
  done
}

for tool in prometheus promtool jq; do
  command -v "$tool" >/dev/null || fail "there is no $tool; scripts/setup brings it"
done

# ---- what is shipped, without a server ------------------------------------------------------------

promtool check config "$assets/prometheus.yml" >"$work/check.log" || fail "a bad configuration"
promtool check rules "$assets/alerts.yml" >"$work/check.log" || fail "bad rules"
promtool test rules "$assets/alerts_test.yml" >"$work/check.log" || fail "a rule fails its test"
for alert in $(sed -n 's/^ *- alert: //p' "$assets/alerts.yml"); do
  grep -A 2 "alertname: $alert\$" "$assets/alerts_test.yml" | grep -q exp_labels ||
    fail "no test sees $alert firing"
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

# The shipped files; only the targets are others, and time is shorter.
sed -E 's/^( *(scrape|evaluation)_interval): 5s$/\1: 500ms/; s/^( *scrape_timeout): 4s$/\1: 500ms/' \
  "$assets/prometheus.yml" >"$work/prometheus.yml"
[[ $(grep -c ': 500ms$' "$work/prometheus.yml") == 3 ]] || fail "not the intervals that were expected"
cp "$assets/alerts.yml" "$work/"
printf -- '- targets: ["%s", "%s", "%s"]\n' "${address[@]}" >"$work/targets.yml"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
  --web.listen-address=127.0.0.1:0 >"$work/prometheus.log" 2>&1 &
prometheus_pid=$!
is_listening() { grep -qs 'msg="Listening on"' "$work/prometheus.log"; }
wait_until is_listening
server=http://$(sed -n 's/.*msg="Listening on" address=//p' "$work/prometheus.log" | head -n 1)

# get HOST:PORT PATH: the body of the answer.
get() {
  local socket
  exec {socket}<>"/dev/tcp/${1/://}"
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&"$socket"
  sed '1,/^\r$/d' <&"$socket"
  exec {socket}>&-
}
query() { promtool query instant -o json -- "$server" "$1"; }
has_data() { query "$1" | jq -e 'length > 0' >/dev/null; }
wait_until has_data 'sum(up{job="stos"}) == 3'
# Rates need two scrapes and more.
wait_until has_data 'count(count_over_time(stos_events_total[1m]) >= 4) == 3'

# ---- every query of the dashboard, every rule -----------------------------------------------------

get "${address[earth]}" /metrics | promtool check metrics >"$work/check.log" 2>&1 ||
  fail "metrics are not as Prometheus wants them"

# A name that no node exposes is misspelt, whether or not a query happens to find something.
promtool query labels "$server" __name__ | sort -u >"$work/names"
exprs='.. | objects | .expr? // empty'
{ jq -r "$exprs" "$dashboard"; cat "$assets/alerts.yml" "$dashboard"; } |
  grep -oE '\bstos_[a-z0-9_]+' | sort -u >"$work/used"
unknown=$(comm -13 "$work/names" "$work/used")
[[ -z $unknown ]] || fail "no node exposes $unknown"

finds_numbers() {
  query "$1" >"$work/result.log" 2>&1 &&
    jq -e 'length > 0 and all(.value[1] != "NaN")' "$work/result.log" >/dev/null
}
queries=0
while IFS= read -r expr; do
  wait_until finds_numbers "$expr"
  queries=$((queries + 1))
done < <(jq -r "$exprs" "$dashboard" |
         sed 's/\$__rate_interval/4s/g; s/\$simulation/made-up/g; s/\$node/.*/g')
((queries > 50)) || fail "only $queries queries were found in the dashboard"

variables=0
while IFS='|' read -r selector label; do
  has_data "count($selector{$label!=\"\"})" ||
    fail "a variable of the dashboard has no value: $label of $selector"
  variables=$((variables + 1))
done < <(jq -r '.templating.list[] | select(.type == "query") | .query.query' "$dashboard" |
         sed -nE 's/^label_values\((stos_[a-z_]+)(\{.*\})?, ([a-z]+)\)$/\1|\3/p')
((variables == 2)) || fail "$variables variables were found in the dashboard"

# Rules hold for nobody here; without their comparisons they find each node.
rules=0
while IFS= read -r name; do
  [[ -n $(query "ALERTS{alertname=\"$name\"}" | jq '.[]') ]] && fail "$name fires for nodes that are well"
  rules=$((rules + 1))
done < <(sed -n 's/^ *- alert: //p' "$assets/alerts.yml")
((rules >= 5)) || fail "only $rules rules were found"
for metric in $(grep -oE '\bstos_[a-z_]+' "$assets/alerts.yml" | sort -u) up; do
  has_data "count(count by (instance) ($metric)) == 3" || fail "not every node has $metric of a rule"
done
rules_are_well() {
  get "${server#http://}" /api/v1/rules |
    jq -e '[.data.groups[].rules[].health] | length > 0 and all(. == "ok")' >/dev/null
}
wait_until rules_are_well
! grep -E 'level=(warn|error)' "$work/prometheus.log" || fail "Prometheus complains"

# ---- agents are those that the cluster has --------------------------------------------------------

agents_in_prometheus() {
  query 'sum by (node, type) (stos_agents)' |
    jq -r '.[] | "\(.metric.node) \(.metric.type) \(.value[1])"' | LC_ALL=C sort
}
agents_agree() { [[ $(agents_in_prometheus) == "$(agents)" ]]; }
migrate() {
  local line
  echo "migrate $*" >&"$commands"
  answer line
  [[ $line == migrated ]] || fail "the cluster answers '$line'"
}

[[ $(agents | wc -l) == 6 ]] || fail "the cluster has other agents than expected: $(agents)"
wait_until agents_agree
migrate venus earth 299 Ship
wait_until agents_agree
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
wait_until has_data 'stos_agents{node="mars", type="Ship"} == 190' # others are scraped as before
for socket in "${sockets[@]}"; do exec {socket}>&-; done
wait_until agents_agree # and earth is, too, once they are gone

echo stop >&"$commands"
wait "$cluster_pid" || fail "the cluster ended with status $?"
cluster_pid=
echo "monitoring: ok, $queries queries"
