# Write-ahead logs in files and what happens to processes and disks: writers are killed at 200 random
# moments, a disk is full, files are cut, damaged and missing. What was acknowledged stays there, and
# each error names the file and what is wrong with it.
set -euo pipefail

worker=$STOS_BUILD_DIR/tests/system/write_ahead_log_worker
work=$(mktemp -d)
mounted=
cleanup() {
  if [[ -n $mounted ]]; then umount "$mounted" || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

fail() { echo "write_ahead_log: $*" >&2; exit 1; }
wanted() { grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "wanted '$2' in the output above"; }; }

# ---- writers that are killed ------------------------------------------------------------------------

seed=${STOS_TEST_SEED:-$RANDOM}
echo "write_ahead_log: writers are killed, seed $seed"
"$worker" kill "$work/killed" 200 "$seed" || fail "seed $seed"

# ---- one writer at a time ---------------------------------------------------------------------------

"$worker" write "$work/log" 200 >"$work/out" || fail "$(cat "$work/out")"
"$worker" check "$work/log" >"$work/out" || fail "$(cat "$work/out")"
wanted "$work/out" "right 200"

# ---- a torn end, damage in the middle, a file that is missing ------------------------------------------

echo "write_ahead_log: a torn end"
last=$(find "$work/log" -name '*.log' | sort | tail -n 1)
size=$(stat -c %s "$last")
truncate -s $((size - 3)) "$last"
"$worker" check "$work/log" >"$work/out" || fail "$(cat "$work/out")"
wanted "$work/out" "right 199"
printf 'half a rec' >>"$last"
"$worker" write "$work/log" 230 >"$work/out" || fail "$(cat "$work/out")"
"$worker" check "$work/log" >"$work/out" || fail "$(cat "$work/out")"
wanted "$work/out" "right 230"

echo "write_ahead_log: damage in the middle"
cp -r "$work/log" "$work/damaged"
first=$(find "$work/damaged" -name '*.log' | sort | head -n 1)
printf '\377' | dd of="$first" bs=1 seek=100 conv=notrunc 2>/dev/null
if "$worker" check "$work/damaged" >"$work/out"; then fail "damage was not found"; fi
wanted "$work/out" "error: $first, byte 32: what is here is damaged, and a whole record follows at byte "
if "$worker" write "$work/damaged" 300 >"$work/out"; then fail "written behind damage"; fi

echo "write_ahead_log: a file that is missing"
"$worker" write "$work/log" 260 >"$work/out" || fail "$(cat "$work/out")"
mapfile -t files < <(find "$work/log" -name '*.log' | sort)
((${#files[@]} >= 2)) || fail "wanted several files, there is ${files[*]}"
rm "${files[0]}"
if "$worker" check "$work/log" >"$work/out"; then fail "a missing file was not missed"; fi
wanted "$work/out" "error: ${files[1]}, byte 0: the file before this one is missing"

# ---- a full disk ------------------------------------------------------------------------------------

mkdir "$work/small"
if mount -t tmpfs -o size=256k tmpfs "$work/small" 2>/dev/null; then
  mounted=$work/small
  echo "write_ahead_log: a full disk"
  dd if=/dev/zero of="$work/small/filler" bs=1k count=150 >/dev/null 2>&1
  if "$worker" write "$work/small/log" 100000 >"$work/out"; then fail "all of it fit"; fi
  wanted "$work/out" "error: $work/small/log/"
  wanted "$work/out" "the disk is full: make room, and start the node again"
  last=$(sed -n 's/^written //p' "$work/out" | tail -n 1)
  "$worker" check "$work/small/log" >"$work/out" || fail "$(cat "$work/out")"
  wanted "$work/out" "right $last"
  rm "$work/small/filler"
  "$worker" write "$work/small/log" $((last + 5)) >"$work/out" || fail "$(cat "$work/out")"
  "$worker" check "$work/small/log" >"$work/out" || fail "$(cat "$work/out")"
  wanted "$work/out" "right $((last + 5))"
else
  echo "write_ahead_log: NOT TESTED: a full disk (no permission to mount a tmpfs)"
fi

echo "write_ahead_log: ok"
