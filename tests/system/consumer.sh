# The installed package works for a project that knows nothing of our source tree.
# timeout: 900
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cached() { sed -n "s/^$1:[A-Z]*=//p" "$STOS_BUILD_DIR/CMakeCache.txt"; }

# A sanitized library needs a sanitized program around it.
case $(cached STOS_SANITIZER) in
  thread)  flags=-fsanitize=thread ;;
  address) flags=-fsanitize=address,undefined ;;
  *)       flags= ;;
esac

echo "consumer: installing"
cmake --install "$STOS_BUILD_DIR" --prefix "$work/prefix" >"$work/install.log"

if grep -rlF "$STOS_SOURCE_DIR" "$work/prefix/lib/cmake" "$work/prefix/include"; then
  echo "consumer: the installed files above point into the source tree" >&2
  exit 1
fi

echo "consumer: configuring and building"
cmake -S "$STOS_SOURCE_DIR/tests/consumer" -B "$work/build" -G "$(cached CMAKE_GENERATOR)" \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$(cached CMAKE_CXX_COMPILER)" \
  -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log" ||
  { cat "$work/configure.log"; exit 1; }
cmake --build "$work/build"

echo "consumer: running"
"$work/build/consumer"
