# `stos experiment`: a sweep gives the table of a serial loop, goes on where it was after any
# interruption without doing a run twice, tells what has failed, and refuses what is wrong.
# timeout: 600
set -euo pipefail

test=experiment
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"
cd "$work"

stos=$STOS_BUILD_DIR/bin/stos
cp "$STOS_BUILD_DIR/examples/gallery/bank" model # a path of our own, to look for its processes

# It counts its starts.
printf '#!/bin/bash\necho x >>"%s/starts"\nexec "%s/model" "$@"\n' "$work" "$work" >counted
chmod +x counted

cat >bank.yaml <<'YAML'
parameters:
  --arrivals: [1.2, 1.6, 2.0, 2.4]
  --clerks: [3, 4]
  simulation.end_time: 1000 s
replications: 3
outcomes:
  wait: mean
  branches: {topic: wait, rule: count}
  sent: counter
series:
  ended: {topic: wait, rule: count, every: 500 s, until: 1000 s}
YAML

# ended CODE COMMAND...: it ends with that exit code.
ended() {
  local code=0
  "${@:2}" >last.out 2>last.err || code=$?
  [[ $code == "$1" ]] || fail "'${*:2}' ended with $code, wanted $1"
}
says() { grep -qF -- "$1" last.err || fail "no word of '$1'"; }
lines() { wc -l <"$1"; }
starts() { if [[ -e starts ]]; then lines starts; else echo 0; fi; }
has_runs() { [[ -e $1/journal ]] && (($(lines "$1/journal") > $2)); }
no_process() { ! pgrep -f "$work/(model|counted)" >/dev/null; }
same_tables() {
  local table
  for table in runs.csv points.csv series.csv wait-over-arrivals.svg; do
    cmp "$1/$table" "$2/$table" || fail "$2/$table is another one than $1/$table"
  done
}

# ---- the table of a serial loop -------------------------------------------------------------------

ended 0 "$stos" experiment --dry-run bank.yaml "$work/counted"
[[ $(lines last.out) == 25 && ! -e starts ]] || fail "a dry run prints 24 runs, and starts none"
cp last.out plan.csv

ended 0 "$stos" experiment -o parallel bank.yaml "$work/model"
says 'all 24 runs went well; see parallel/runs.csv'
ended 0 "$stos" experiment -o serial -j 1 bank.yaml "$work/model"
same_tables serial parallel

while IFS=, read -r run point arrivals clerks end replication seed; do
  [[ $run != run ]] || continue
  digests=$(STOS_SIMULATION_SEED=$seed STOS_SIMULATION_END_TIME=$end STOS_OUTPUT_SUMMARY_PATH=one.json \
    ./model --serial --arrivals "$arrivals" --clerks "$clerks" >/dev/null 2>&1
    sed 's/.*"digest":"\([0-9a-f]*\)","value_digest":"\([0-9a-f]*\)".*"events":\([0-9]*\).*/\1,\2,\3/' one.json)
  grep -q "^$run,$point,$arrivals,$clerks,$end,$replication,$seed,ok,0,${digests%,*},${digests##*,}," \
    parallel/runs.csv || fail "run $run by hand comes to $digests, which the table does not have"
done <plan.csv

# ---- interrupted ------------------------------------------------------------------------------------

# interrupt SIGNAL FOLDER: sends it in the middle of an experiment; the same command then goes on.
interrupt() {
  rm -f starts
  "$stos" experiment -o "$2" bank.yaml "$work/counted" >killed.out 2>killed.err &
  local process=$! code=0
  wait_until 60 has_runs "$2" 5
  kill "-$1" "$process"
  wait "$process" || code=$?
  [[ $code == "$3" ]] || fail "$1: exit code $code, wanted $3"
  wait_until 10 no_process
  local done=$(($(lines "$2/journal") - 1)) before
  ((done < 24)) || fail "$1 came too late"
  before=$(starts)
  ended 0 "$stos" experiment -o "$2" bank.yaml "$work/counted"
  (($(starts) - before == 24 - done)) ||
    fail "$1: $done runs were done, and $(($(starts) - before)) were started then"
  same_tables serial "$2"
}
interrupt KILL killed 137
interrupt INT stopped 130
grep -q 'interrupted: [0-9]* of 24 runs are done; the same command goes on' killed.err ||
  fail "no word of how to go on"
interrupt TERM ended 143

# The end of the journal is torn: that run is made again, and no other.
truncate -s -10 stopped/journal
rm starts
ended 0 "$stos" experiment -o stopped bank.yaml "$work/counted"
says 'the end of stopped/journal was not whole'
[[ $(starts) == 1 ]] || fail "$(starts) runs for one torn line"
same_tables serial stopped
ended 0 "$stos" experiment -o stopped bank.yaml "$work/counted"
[[ $(starts) == 1 ]] || fail "what is done was done again"

# ---- what fails -------------------------------------------------------------------------------------

sed 's/1.2, 1.6, 2.0, 2.4/1.2, 0/; s/replications: 3/replications: 1/' bank.yaml >failing.yaml
rm starts
ended 1 "$stos" experiment -o failing failing.yaml "$work/counted"
says 'error: 2 of 4 runs have failed, the first one is run 3: ended with exit code 2: --arrivals: "0" is out of range'
[[ $(grep -c ',ok,0,' failing/runs.csv) == 2 && $(grep -c ',failed,2,' failing/runs.csv) == 2 ]] ||
  fail "not two good and two failed runs"
grep -q 'out of range' failing/failed/3.log || fail "no log of a failed run"
ended 1 "$stos" experiment -o failing failing.yaml "$work/counted"
[[ $(starts) == 4 ]] || fail "failed runs were made again"
ended 1 "$stos" experiment --retry-failed -o failing failing.yaml "$work/counted"
[[ $(starts) == 6 ]] || fail "failed runs were not made again"

printf 'parameters: {--a: 1}\n' >any.yaml
ended 1 "$stos" experiment -o foreign any.yaml true
says 'it wrote no summary; wanted: a program of libstos'
printf '#!/bin/bash\nexec sleep 60\n' >sleeper
chmod +x sleeper
printf 'parameters: {--a: 1}\ntimeout: 200 ms\n' >slow.yaml
ended 1 "$stos" experiment -o slow slow.yaml ./sleeper
says 'took longer than 0.2 s'
ended 1 "$stos" experiment -o none any.yaml ./no_such_program
says 'no_such_program: cannot read: No such file'

# ---- what is refused --------------------------------------------------------------------------------

refused() { ended 1 "$stos" experiment "${@:2}"; says "$1"; }
sed 's/replications: 3/replications: 4/' bank.yaml >other.yaml
refused 'serial/journal: is of another description of an experiment' -o serial other.yaml ./model
refused 'serial/journal: is of the program with other arguments' -o serial bank.yaml ./model --values
STOS_LIMITS_REPORTS_MAX=99 refused 'serial/journal: is of another configuration' \
  -o serial bank.yaml ./model
cp model build2
echo >>build2 # another build: its bytes differ
refused 'serial/journal: is of another program, or another build of it' -o serial bank.yaml ./build2
mkdir mine
echo precious >mine/runs.csv
refused 'mine: has runs.csv, but no journal of an experiment' -o mine bank.yaml ./model
[[ $(<mine/runs.csv) == precious ]] || fail "a file of the user's is gone"

"$stos" experiment -o busy -j 1 bank.yaml "$work/model" >busy.out 2>busy.err &
busy=$!
wait_until 60 has_runs busy 1
refused 'busy: another writer' -o busy bank.yaml ./model
kill -INT $busy
wait $busy && fail "an interrupted experiment ended with 0"

# mistake TEXT LINES...: a description of these lines is refused with that text.
mistake() {
  printf '%s\n' "${@:2}" >wrong.yaml
  ended 2 "$stos" experiment -o never wrong.yaml ./model
  says "stos experiment: error: $1"
}
mistake 'wrong.yaml:1: parameters is missing' 'seed: 1'
mistake 'wrong.yaml:2: experiment: unknown name "replication"; did you mean "replications"?' \
  'parameters: {--a: 1}' 'replication: 3'
mistake 'wrong.yaml:2: --a: steps is missing' 'parameters:' '  --a: {from: 1, to: 2}'
mistake 'wrong.yaml:1: parameters: "engine.worker" is neither an option' 'parameters: {engine.worker: 1}'
mistake 'wrong.yaml:3: outcomes: wait: got "average"; allowed: count, sum' \
  'parameters: {--a: 1}' 'outcomes:' '  wait: average'
mistake 'wrong.yaml:3: invalid YAML' 'parameters:' '  : : ['
ended 1 "$stos" experiment no_such.yaml ./model
says 'no_such.yaml: cannot read the description of an experiment: No such file'
ended 2 "$stos" experiment bank.yaml ./model --seed 3
says '--seed is for the experiment to choose'
ended 2 "$stos" experiment bank.yaml
says 'wanted: a PROGRAM behind "bank.yaml"'
[[ ! -e never ]] || fail "a wrong description made a folder"

# ---- reports, whatever runs the model ---------------------------------------------------------------

for engine in serial workers nodes; do
  run=(./model --end-time 500)
  case $engine in
    serial) run+=(--serial) ;;
    workers) run+=(--workers 2) ;;
    nodes) run=("$stos" run -n 3 "${run[@]}" --workers 1) ;;
  esac
  STOS_OUTPUT_REPORTS_PATH=$engine.csv ended 0 "${run[@]}"
done
[[ $(head -n 1 serial.csv) == time,agent,topic,value && $(grep -c ',wait,[0-9.]*$' serial.csv) == 16 ]] ||
  fail "the table of reports has not what 16 branches report"
cmp serial.csv workers.csv || fail "other reports on workers"
cmp serial.csv nodes.csv || fail "other reports on nodes"

# ---- on nodes, and the examples ---------------------------------------------------------------------

sed 's/\[1.2, 1.6, 2.0, 2.4\]/2.4/; s/replications: 3/replications: 1/' bank.yaml >small.yaml
ended 0 "$stos" experiment -o one small.yaml "$work/model"
echo 'nodes: 2' >>small.yaml
ended 0 "$stos" experiment -o two small.yaml "$work/model"
cmp one/runs.csv two/runs.csv || fail "another table on nodes"

awk '/^```yaml$/ { inside = 1; next } /^```$/ { inside = 0 } inside' \
  "$STOS_SOURCE_DIR/docs/guide/experiments.md" >shown.yaml
while IFS= read -r line; do
  grep -qxF -- "$line" "$STOS_SOURCE_DIR"/examples/gallery/*.yaml ||
    fail "docs/guide/experiments.md shows '$line', which no example has"
done <shown.yaml

for model in bank sir; do
  sed 's/^replications:.*/replications: 1/' "$STOS_SOURCE_DIR/examples/gallery/$model.yaml" >$model.yaml
  ended 0 "$stos" experiment -o "$model" $model.yaml "$STOS_BUILD_DIR/examples/gallery/$model"
done

# ---- what observers see ---------------------------------------------------------------------------

awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
         { seen = $column["most_seen"]
           if (!(seen > 0 && seen <= $column["most_at_once"] && $column["worst_day"] >= 1)) exit 1 }
         END { if (NR < 5) exit 1 }' sir/runs.csv || fail "the observer has seen: $(cat sir/runs.csv)"
[[ -s sir/ill_each_day-over-time.svg && -s sir/worst_day-over-infections.svg ]] ||
  fail "no pictures of what the observer has seen"
echo 'nodes: 2' >>sir.yaml
ended 0 "$stos" experiment -o sir_nodes sir.yaml "$STOS_BUILD_DIR/examples/gallery/sir"
cmp sir/runs.csv sir_nodes/runs.csv || fail "observers see something else on nodes"
sed 's/observer: ill, rule/observer: iil, rule/; s/, steps: 4/, steps: 2/' sir.yaml >wrong.yaml
ended 1 "$stos" experiment -o wrong wrong.yaml "$STOS_BUILD_DIR/examples/gallery/sir"
grep -q 'no observer called ""iil"" has seen anything; there are: ""ill""' wrong/runs.csv ||
  fail "an observer that is not there is not named"

no_process || fail "processes are left"
echo "experiment: ok"
