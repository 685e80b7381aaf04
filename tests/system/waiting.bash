# How tests of whole programs wait and fail. To be sourced by a script that sets `work` to a folder of
# its own, with what programs say in *.log and *.err there, and `test` to its name.
# shellcheck shell=bash disable=SC2154

fail() {
  echo "$test: $*" >&2
  tail -n 20 "$work"/*.{log,err} >&2 2>/dev/null || true
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
