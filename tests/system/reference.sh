# The reference of the public headers is made without a warning, and has what it is to begin with.
set -euo pipefail

command -v doxygen >/dev/null || { echo "reference: there is no doxygen; scripts/setup --docs installs it"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$STOS_SOURCE_DIR"
scripts/docs "$work" || { echo "reference: Doxygen has warnings" >&2; exit 1; }
for name in ForwardSimulation Agent ChannelWriter SynchronousAgent Grid RandomStream Observations; do
  [[ -e $work/html/classstos_1_1$name.html ]] || { echo "reference: no page of $name" >&2; exit 1; }
done
if ls "$work"/html | grep detail; then
  echo "reference: it has what is not public" >&2
  exit 1
fi
echo "reference: ok"
