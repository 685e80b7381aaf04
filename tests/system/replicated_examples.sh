# The examples of replicated agents: what they say is what is to happen.
# timeout: 300
set -euo pipefail

examples=$STOS_BUILD_DIR/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "replicated_examples: $*" >&2; exit 1; }

[[ $("$examples/account" bob 70) == "bob has 70 cents" ]] || fail "account says something else"

# ---- presence: a session ends when nothing is heard of its user -------------------------------------

"$examples/presence" --tick "200 ms" >"$work/presence" || fail "presence ended with $?"
cat >"$work/wanted" <<'END'
ann on her own is online
ann on her own is away
ann on her own is gone
ann on her own has come back for 1 action, and is gone
END
diff "$work/wanted" "$work/presence" || fail "presence went another way"

# ---- weather: results of a model in replicated agents -----------------------------------------------

"$examples/weather" >"$work/alone" || fail "weather ended with $?"
[[ $(grep -c '^station [0-4]: 10 measurements, 2[0-9.]* K to 2[0-9.]* K$' "$work/alone") == 5 ]] ||
  fail "weather has recorded something else: $(cat "$work/alone")"
timeout 120 "$STOS_BUILD_DIR/bin/stos" run -n 3 "$examples/weather" >"$work/nodes" 2>"$work/log" ||
  fail "weather on three nodes ended with $?: $(cat "$work/log")"
for k in 1 2 3; do
  sed -n "s/^node$k | //p" "$work/nodes" | diff "$work/alone" - || fail "node$k has other records"
done

# Records of one run are there in the next one.
export STOS_AGENTS_FOLDER=$work/folder
mkdir "$work/folder"
"$examples/weather" >"$work/first"
"$examples/weather" --run second --end-time 25s >"$work/second"
"$examples/weather" --run first --end-time 15s >"$work/again" # all of the first run are on record
cmp "$work/alone" "$work/first" || fail "a folder makes another record"
grep -q '^station 0: 2 measurements' "$work/second" || fail "the second run has other measurements"
cmp "$work/first" "$work/again" || fail "records of the first run are not there any more"
echo "replicated_examples: ok"
