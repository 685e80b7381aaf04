# The models of examples/gallery have one digest on every engine and on nodes, which is the known one,
# and their results are those of the closed form or of published data: they check that by themselves.
# What docs/guide shows of programs is in programs that are built.
# timeout: 600
set -euo pipefail

test=gallery
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$STOS_SOURCE_DIR/tests/system/waiting.bash"

stos=$STOS_BUILD_DIR/bin/stos
gallery=$STOS_BUILD_DIR/examples/gallery

declare -A known=(
  [ants]=ef81328a8121b450
  [bank]=2e17766c8ab10613
  [flock]=25bd001c9ab68ee9
  [life]=54758bdb3a67b624
  [packets]=c9c3ed4847eea9d2
  [predator_prey]=80052e932168a98e
  [rumour]=bc92d06bb6ed5b99
  [segregation]=e3258ed17ad748a0
  [sir]=f4d2fd95d6774147
  [supply_chain]=92f9afacecd66584
)

for source in "$STOS_SOURCE_DIR"/examples/gallery/*.cpp; do
  model=$(basename "$source" .cpp)
  [[ -v known[$model] ]] || fail "$model has no known digest"
  (($(wc -l <"$source") < 100)) || fail "$model is not under a hundred lines"
  for engine in --serial '--workers 1' '--workers 2'; do
    # shellcheck disable=SC2086
    digest=$(timeout $((120 * slower)) "$gallery/$model" --digest-only $engine) ||
      fail "$model $engine: not as it is known"
    [[ $digest == "${known[$model]}" ]] || fail "$model $engine: digest $digest, not ${known[$model]}"
  done
  STOS_CLUSTER_RANDOM_MOVES=20 timeout $((120 * slower)) \
    "$stos" run -n 3 "$gallery/$model" --digest-only --workers 1 >"$work/out" 2>"$work/err" ||
    fail "$model on three nodes: $(tail -n 3 "$work/err")"
  for k in 1 2 3; do
    grep -q "^node$k | ${known[$model]}$" "$work/out" || fail "$model: another digest on node $k"
  done
  echo "gallery: $model ${known[$model]}"
done

# ---- the guide ------------------------------------------------------------------------------------

cat "$STOS_SOURCE_DIR"/examples/*.cpp "$STOS_SOURCE_DIR"/examples/gallery/*.cpp |
  sed 's/^ *//; s/ *$//; /^$/d' >"$work/programs"
for page in "$STOS_SOURCE_DIR"/docs/guide/*.md; do
  awk '/^```cpp$/ { ++n; inside = 1; next } /^```$/ { inside = 0 } inside { print > sprintf("%s/block%03d", dir, n) }' \
    dir="$work" "$page"
  for block in "$work"/block*; do
    [[ -e $block ]] || continue # a page without any
    sed 's/^ *//; s/ *$//; /^$/d' "$block" >"$work/lines"
    [[ -s $work/lines && $(<"$work/programs") == *"$(<"$work/lines")"* ]] ||
      fail "$page: no program has: $(head -n 3 "$block")"
    rm "$block"
  done
done

echo "gallery: ok"
