# `stos plot`: the pictures of the documentation are what it draws, and what it cannot draw it says.
set -euo pipefail

stos=$STOS_BUILD_DIR/bin/stos
examples=$STOS_BUILD_DIR/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { echo "plot: $*" >&2; exit 1; }

# picture NAME: it is docs/pictures/NAME.svg, byte for byte. UPDATE_PICTURES=1 draws them anew.
picture() {
  [[ -z ${UPDATE_PICTURES:-} ]] || cp "$1.svg" "$STOS_SOURCE_DIR/docs/pictures/$1.svg"
  cmp "$1.svg" "$STOS_SOURCE_DIR/docs/pictures/$1.svg" || fail "docs/pictures/$1.svg is out of date"
}

"$examples/pingpong" --end-time 6 --trace pingpong.trace >out
"$stos" plot pingpong.trace --colour agent --width 560 --height 560 --title 'Ping-pong' \
  -o pingpong.svg
picture pingpong
"$examples/twins" --workers 2 --trace twins.trace >out
"$stos" plot twins.trace --width 560 --height 760 --title 'Twins' >twins.svg
picture twins

# expect_error CODE TEXT WORD...: `stos plot WORD...` ends with CODE and says TEXT.
expect_error() {
  local code=0
  "$stos" plot "${@:3}" >out 2>error || code=$?
  [[ $code == "$1" ]] || fail "'stos plot ${*:3}' ended with $code, wanted $1"
  grep -qF -- "$2" error || { cat error >&2; fail "no word of '$2': ${*:3}"; }
}
expect_error 2 'trace is required'
expect_error 2 '--axis' pingpong.trace --axis w
expect_error 2 '--colour' pingpong.trace --colour node
expect_error 2 '--width' pingpong.trace --width 10
expect_error 1 'no.trace: cannot read the trace: No such file or directory' no.trace
expect_error 1 "$work: is a directory" "$work"
expect_error 1 'pingpong.svg:1: this is no trace: the first line is "<svg ' pingpong.svg
expect_error 1 'pingpong.trace: more than 5 records' pingpong.trace --events-max 5
expect_error 1 'no/folder.svg: cannot write the picture: No such file' pingpong.trace -o no/folder.svg
head -n 4 pingpong.trace | head -c -5 >cut.trace
expect_error 1 'cut.trace:4: this line does not end' cut.trace
head -c 1000000 /dev/zero >zeros
expect_error 1 'zeros:1: this is no trace' zeros
if [[ -w /dev/full ]]; then
  "$stos" plot pingpong.trace >/dev/full 2>error && fail "a full disk went unnoticed"
  grep -qF 'stos: error: cannot write to standard output: No space left on device' error ||
    fail "no word of a full disk"
fi
echo "plot: ok"
