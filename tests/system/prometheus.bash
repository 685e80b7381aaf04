# What tests of monitoring share: a real Prometheus on the shipped configuration. To be sourced by a
# script that sets `work` to a folder of its own, and `test` to its name.
# shellcheck shell=bash disable=SC2154

. "$STOS_SOURCE_DIR/tests/system/waiting.bash"

PATH=$PATH:${STOS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libstos}/prometheus/usr/bin
assets=$STOS_SOURCE_DIR/monitoring
dashboard=$assets/grafana/dashboards/stos.json
prometheus_pid=

# start_prometheus ADDRESS...: it scrapes these, with the shipped files; only the targets are others,
# and time is shorter. Returns once there are rates of all of them. Sets `server`, `prometheus_pid`.
start_prometheus() {
  local targets
  sed -E 's/^( *(scrape|evaluation)_interval): 5s$/\1: 500ms/; s/^( *scrape_timeout): 4s$/\1: 500ms/' \
    "$assets/prometheus.yml" >"$work/prometheus.yml"
  [[ $(grep -c ': 500ms$' "$work/prometheus.yml") == 3 ]] || fail "not the intervals that were expected"
  cp "$assets/alerts.yml" "$work/"
  printf -v targets '"%s", ' "$@"
  echo "- targets: [${targets%, }]" >"$work/targets.yml"
  prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
    --web.listen-address=127.0.0.1:0 >"$work/prometheus.log" 2>&1 &
  prometheus_pid=$!
  wait_until 60 grep -qs 'msg="Listening on"' "$work/prometheus.log"
  server=http://$(sed -n 's/.*msg="Listening on" address=//p' "$work/prometheus.log" | head -n 1)
  wait_until 60 has_data "sum(up{job=\"stos\"}) == $#"
  wait_until 60 has_data "count(count_over_time(stos_events_total[1m]) >= 4) == $#"
}

# get HOST:PORT PATH: the body of the answer; fails if nobody listens there.
get() {
  local socket
  { exec {socket}<>"/dev/tcp/${1/://}"; } 2>/dev/null || return 1
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&"$socket"
  sed '1,/^\r$/d' <&"$socket"
  exec {socket}>&-
}
query() { promtool query instant -o json -- "$server" "$1"; }
has_data() { query "$1" | jq -e 'length > 0' >/dev/null; }

finds_numbers() {
  query "$1" >"$work/result.log" 2>&1 &&
    jq -e 'length > 0 and all(.value[1] != "NaN")' "$work/result.log" >/dev/null
}

# Metrics that begin like this are not there: what is said about them is not looked at.
absent=${absent:-nothing}

# check_dashboard SIMULATION: every query of it finds numbers, and every variable has values; no name
# is misspelt there or in a rule. Sets `queries` to their number.
check_dashboard() {
  local exprs='.. | objects | .expr? // empty' expr selector label unknown variables=0
  promtool query labels "$server" __name__ | sort -u >"$work/names"
  { jq -r "$exprs" "$dashboard"; cat "$assets/alerts.yml" "$dashboard"; } |
    grep -oE '\bstos_[a-z0-9_]+' | grep -v "^$absent" | sort -u >"$work/used"
  unknown=$(comm -13 "$work/names" "$work/used")
  [[ -z $unknown ]] || fail "no node exposes $unknown"
  queries=0
  while IFS= read -r expr; do
    wait_until 60 finds_numbers "$expr"
    queries=$((queries + 1))
  done < <(jq -r "$exprs" "$dashboard" | grep -v "$absent" |
           sed "s/\$__rate_interval/4s/g; s/\$simulation/$1/g; s/\$node/.*/g")
  ((queries > 50)) || fail "only $queries queries were found in the dashboard"
  while IFS='|' read -r selector label; do
    has_data "count($selector{$label!=\"\"})" ||
      fail "a variable of the dashboard has no value: $label of $selector"
    variables=$((variables + 1))
  done < <(jq -r '.templating.list[] | select(.type == "query") | .query.query' "$dashboard" |
           sed -nE 's/^label_values\((stos_[a-z_]+)(\{.*\})?, ([a-z]+)\)$/\1|\3/p')
  ((variables == 2)) || fail "$variables variables were found in the dashboard"
}

# check_rules NODES: all hold for nobody, and would find each of so many nodes.
check_rules() {
  local name metric rules=0
  while IFS= read -r name; do
    [[ -n $(query "ALERTS{alertname=\"$name\"}" | jq '.[]') ]] && fail "$name fires for nodes that are well"
    rules=$((rules + 1))
  done < <(sed -n 's/^ *- alert: //p' "$assets/alerts.yml")
  ((rules >= 5)) || fail "only $rules rules were found"
  for metric in $(grep -oE '\bstos_[a-z_]+' "$assets/alerts.yml" | grep -v "^$absent" | sort -u) up; do
    has_data "count(count by (instance) ($metric)) == $1" || fail "not every node has $metric of a rule"
  done
  wait_until 60 rules_are_well
  ! grep -E 'level=(warn|error)' "$work/prometheus.log" || fail "Prometheus complains"
}
rules_are_well() {
  get "${server#http://}" /api/v1/rules |
    jq -e '[.data.groups[].rules[].health] | length > 0 and all(. == "ok")' >/dev/null
}

# What Prometheus thinks of agents: lines `NODE TYPE N`, sorted.
agents_in_prometheus() {
  query 'sum by (node, type) (stos_agents)' |
    jq -r '.[] | "\(.metric.node) \(.metric.type) \(.value[1])"' | LC_ALL=C sort
}

for tool in prometheus promtool jq; do
  command -v "$tool" >/dev/null || fail "there is no $tool; scripts/setup brings it"
done
