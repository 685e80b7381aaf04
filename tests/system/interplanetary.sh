# The demo: one digest under every engine, files that make sense, and errors that are understood.
# timeout: 300
set -euo pipefail

program=$STOS_BUILD_DIR/examples/interplanetary
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "interplanetary: $*" >&2; exit 1; }

# ---- one digest -----------------------------------------------------------------------------------

wanted=$("$program" --days 20 --serial --digest-only)
[[ $wanted =~ ^[0-9a-f]{16}$ ]] || fail "this is no digest: '$wanted'"
for workers in 1 2 4; do
  seen=$("$program" --days 20 --workers "$workers" --digest-only)
  [[ $seen == "$wanted" ]] || fail "$workers workers: digest $seen, the serial engine has $wanted"
done
other=$("$program" --days 20 --serial --digest-only --seed 2)
[[ $other != "$wanted" ]] || fail "another seed gave the same digest $other"

# ---- the report -----------------------------------------------------------------------------------

"$program" --days 30 --serial --out "$work/first" >"$work/first.txt"
"$program" --days 30 --workers 2 --out "$work/second" >"$work/second.txt"
for words in 'Curiosity science' 'peak store' 'Earth - Mars: ' 'Earth - Moon: ' 'digest' \
             "$work/first/bundles.csv"; do
  grep -qF -- "$words" "$work/first.txt" || fail "the output lacks '$words'"
done
for file in bundles.csv delays.svg spacetime.svg; do
  cmp "$work/first/$file" "$work/second/$file" || fail "$file depends on the engine"
done

heading='flow,source,destination,created_s,delivered_s,delay_s,bytes,hops,path'
[[ $(head -n 1 "$work/first/bundles.csv") == "$heading" ]] || fail "the CSV has another heading"
awk -F, 'NR > 1 {
  if (NF != 9 || !($5 > $4) || ($5 - $4 - $6) ^ 2 > 0.01 ^ 2) { print "line " NR ": " $0; bad = 1 }
  if ($1 == "Voyager 1 telemetry" && $6 < 23 * 3600) { print "faster than light: " $0; bad = 1 }
  if ($3 == "Curiosity" && $6 < 180) { print "faster than light: " $0; bad = 1 }
} END { if (NR < 1000) { print "only " NR " lines"; bad = 1 } exit bad }' \
  "$work/first/bundles.csv" || fail "the CSV is wrong"

for svg in delays spacetime; do
  head -c 5 "$work/first/$svg.svg" | grep -q '<svg ' || fail "$svg.svg is no SVG"
  [[ $(tail -n 1 "$work/first/$svg.svg") == '</svg>' ]] || fail "$svg.svg is cut off"
  if grep -qwE 'nan|inf' "$work/first/$svg.svg"; then fail "$svg.svg has numbers that are none"; fi
done

# ---- errors ---------------------------------------------------------------------------------------

expect_error() { # <text> <argument>...
  if "$program" "${@:2}" >"$work/out" 2>"$work/error"; then fail "accepted: ${*:2}"; fi
  grep -qF -- "$1" "$work/error" || { cat "$work/error" >&2; fail "no word of '$1': ${*:2}"; }
}
expect_error "$work/none.yaml" --scenario "$work/none.yaml"
expect_error '--days' --days 0
sed 's/sun_keep_out_deg: 3.0/sun_keep_out_deg: 300/' \
  "$STOS_SOURCE_DIR/examples/interplanetary/solar_system.yaml" >"$work/wrong.yaml"
expect_error 'wrong.yaml:' --scenario "$work/wrong.yaml"
touch "$work/file"
expect_error "$work/file" --days 1 --out "$work/file"

# From elsewhere, the program finds its scenario beside the sources.
(cd "$work" && "$program" --days 1 --serial --digest-only >/dev/null) ||
  fail "the scenario is found only in the source folder"
echo "interplanetary: ok, digest $wanted"
