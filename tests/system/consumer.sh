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

# configure <folder> <option>...: the project as a user would build it.
configure() {
  cmake -S "$STOS_SOURCE_DIR/tests/consumer" -B "$work/$1" -G "$(cached CMAKE_GENERATOR)" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$(cached CMAKE_CXX_COMPILER)" \
    -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_PREFIX_PATH="$work/prefix" "${@:2}" >"$work/configure.log" ||
    { cat "$work/configure.log"; exit 1; }
}
fail() { echo "consumer: $*" >&2; exit 1; }

echo "consumer: configuring and building"
configure build
cmake --build "$work/build"

echo "consumer: running"
"$work/build/consumer"

echo "consumer: agents in a shared library"
cmake --build "$work/build" --target starter
"$work/build/starter" --serial >"$work/serial" || fail "starter: $(cat "$work/serial")"
"$work/build/starter" --workers 2 >"$work/workers" || fail "starter: $(cat "$work/workers")"
"$work/prefix/bin/stos" run -n 2 "$work/build/starter" >"$work/nodes" ||
  fail "starter: $(cat "$work/nodes")"
cmp "$work/serial" "$work/workers" || fail "starter has another outcome on workers"
(($(grep -cxF "node1 | $(cat "$work/serial")" "$work/nodes") == 1)) ||
  fail "starter has another outcome on nodes: $(cat "$work/nodes")"

# What the compiler does not sanitize itself, it still has to get along with.
if [[ -z $flags ]]; then
  echo "consumer: with AddressSanitizer, on the library without"
  configure asan -DCMAKE_CXX_FLAGS=-fsanitize=address
  cmake --build "$work/asan" --target consumer
  "$work/asan/consumer" >"$work/asan.out" 2>&1 ||
    { cat "$work/asan.out"; fail "AddressSanitizer complains"; }
fi

# The digests must not depend on the compiler, nor on whether it may use fused multiply-add.
fused=
if grep -qsw fma /proc/cpuinfo; then fused=-mfma; fi
if [[ -z $flags ]] && command -v g++ >/dev/null && command -v clang++ >/dev/null; then
  for compiler in g++ clang++; do
    echo "consumer: lambdas of all kinds by $compiler"
    configure "by-$compiler" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$fused"
    cmake --build "$work/by-$compiler" --target lambda_kinds
    "$work/by-$compiler/lambda_kinds" >"$work/$compiler.out"
    cat "$work/$compiler.out"
    fused=
    (($(sort -u "$work/$compiler.out" | wc -l) == 1)) || fail "workers change the outcome"
  done
  cmp "$work/g++.out" "$work/clang++.out" || fail "g++ and clang++ make programs of different digests"
fi
