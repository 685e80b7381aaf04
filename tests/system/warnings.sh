# Users compile our headers with warnings of their own, and may see them as their own headers
# (add_subdirectory): all of them together, and a program that uses them, have none under a broad set.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cached() { sed -n "s/^$1:[A-Z]*=//p" "$STOS_BUILD_DIR/CMakeCache.txt"; }

cd "$STOS_SOURCE_DIR"
find libstos actors config monitoring -name '*.hpp' | sort | sed 's/.*/#include "&"/' >"$work/all.cpp"
cat tests/consumer/main.cpp >>"$work/all.cpp"

# What others have written is a system header to us.
includes=(-isystem "$(cached CAF_DIR)/../../../include" -isystem "$(cached Scotch_INCLUDE_DIR)")
flags=(-std=c++20 -fsyntax-only -Werror -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -Wold-style-cast -Wcast-align -Wcast-qual -Wdouble-promotion -Wfloat-conversion -Wformat=2
  -Wnon-virtual-dtor -Woverloaded-virtual -Wundef -Wredundant-decls -Wextra-semi -Wswitch-enum
  -Wctor-dtor-privacy -Wdeprecated-copy-dtor)
more_of_gcc=(-Wuseless-cast -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wsuggest-override)
more_of_clang=(-Wshadow-all -Wextra-semi-stmt -Wcomma -Wshorten-64-to-32 -Wimplicit-int-conversion)

for compiler in g++ clang++; do
  command -v $compiler >/dev/null || continue
  more=more_of_gcc[@]
  if [[ $compiler == clang++ ]]; then more=more_of_clang[@]; fi
  echo "warnings: $compiler"
  $compiler "${flags[@]}" "${!more}" -I. "${includes[@]}" "$work/all.cpp"
done
