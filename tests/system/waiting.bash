# How tests of whole programs wait and fail. To be sourced by a script that sets `work` to a folder of
# its own, with what programs say in *.log, *.out and *.err there, and `test` to its name.
# shellcheck shell=bash disable=SC2154

slower=1 # with a sanitizer
if grep -q '^STOS_SANITIZER:[A-Z]*=.' "$STOS_BUILD_DIR/CMakeCache.txt"; then slower=4; fi

fail() {
  echo "$test: $*" >&2
  local file
  for file in "$work"/*.{log,out,err}; do
    [[ -s $file ]] && { echo "---- ${file##*/}"; tr '\r' '\n' <"$file" | tail -n 12; } >&2
  done
  exit 1
}

# wait_until SECONDS COMMAND...: it succeeds in time.
wait_until() {
  local deadline=$((SECONDS + $1 * slower))
  until "${@:2}"; do
    ((SECONDS < deadline)) || fail "waited $1 s in vain for: ${*:2}"
    sleep 0.02
  done
}
