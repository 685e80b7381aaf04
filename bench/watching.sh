#!/usr/bin/env bash
# What it costs to be watched: the dense lattice (10,000 agents, one token each) alone, and scraped five
# times a second, in turns. Prints the processor time of both and the median of their ratio, which the
# load of the machine disturbs least.
#
# usage: bench/watching.sh [PAIRS]      (default 15; needs build/release/examples/lattice)
set -euo pipefail
cd "$(dirname "$0")/.."

pairs=${1:-15}
lattice=build/release/examples/lattice
work=$(mktemp -d)
mkfifo "$work/never"
trap 'rm -rf "$work"' EXIT
trap '' PIPE # of a run that ends while it is scraped
TIMEFORMAT='%U %S'

# alone WORKERS, scraped WORKERS: sets `seconds`, the processor time, and `digest`.
take_time() {
  seconds=$(awk '{ print $1 + $2 }' "$work/time")
  digest=$(cat "$work/digest")
}
world=(--agents 10000 --end-time 2000 --digest-only)
alone() {
  { time "$lattice" "${world[@]}" --workers "$1" >"$work/digest"; } 2>"$work/time"
  take_time
}
scraped() {
  rm -f "$work/log"
  { time "$lattice" "${world[@]}" --workers "$1" --monitoring 127.0.0.1:0 \
      >"$work/digest" 2>"$work/log"; } 2>"$work/time" &
  local run=$! address='' socket lines
  # Only builtins: there are no more processors than workers, and whoever starts processes takes one.
  while kill -0 "$run" 2>/dev/null; do
    if [[ -z $address && -s $work/log ]] && read -r _ _ _ address <"$work/log"; then address=${address#*=}; fi
    if [[ -n $address ]] && { exec {socket}<>"/dev/tcp/${address/://}"; } 2>/dev/null; then
      printf 'GET /metrics HTTP/1.0\r\n\r\n' >&"$socket" 2>/dev/null && mapfile -t lines <&"$socket" &&
        ((${#lines[@]} < 50)) || scrapes=$((scrapes + 1))
      exec {socket}>&-
    fi
    read -r -t 0.2 <>"$work/never" || true
  done
  wait "$run"
  take_time
}

printf 'workers  alone s  scraped s  ratio  scrapes\n'
for workers in 1 2; do
  : >"$work/ratios"
  scrapes=0
  for ((pair = 0; pair < pairs; ++pair)); do
    if ((pair % 2 == 0)); then
      alone $workers; first=$seconds wanted=$digest
      scraped $workers; second=$seconds
    else
      scraped $workers; second=$seconds wanted=$digest
      alone $workers; first=$seconds
    fi
    [[ $digest == "$wanted" ]] || { echo "watching: the digest is another one when watched" >&2; exit 1; }
    awk -v a="$first" -v b="$second" 'BEGIN { print b / a, a, b }' >>"$work/ratios"
  done
  median() { sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
  printf '%7d %8.3f %10.3f %6.3f %8d\n' $workers "$(awk '{ print $2 }' "$work/ratios" | median)" \
    "$(awk '{ print $3 }' "$work/ratios" | median)" "$(median <"$work/ratios")" $scrapes
done
