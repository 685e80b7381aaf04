# Every #include in libstos/, actors/, config/, monitoring/ and store/ keeps to the table of layers:
#
#   base < spacetime < causal < options < code < world < image < engine < agent < cluster < service
#                                   each sees itself and what is left of it
#   raft                            sees base only; cluster and what is beyond see it
#   model                           sees libstos/ up to agent
#   store                           sees libstos/ up to image, and raft
#   config, monitoring, actors      see all of libstos/; actors, which runs things, sees the other three
#
# Below the edge there is no thread, clock, file, socket or third-party library, so that the same
# seed gives the same run. libstos/stos.hpp may include everything.
set -euo pipefail

# Prints one line `file:line: <what is wrong>` for each violation in the tree $1.
violations() (
  cd "$1"
  folders=()
  for folder in libstos actors config monitoring store; do
    if [[ -d $folder ]]; then folders+=("$folder"); fi
  done
  if ((${#folders[@]} == 0)); then exit 0; fi
  find "${folders[@]}" -type f \
    \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.ipp' -o -name '*.inl' \) \
    ! -path libstos/stos.hpp -print0 | sort -z | xargs -0 -r awk '
    BEGIN {
      layers = split("base spacetime causal options code world image engine agent raft cluster service model", layer_name, " ")
      for (i = 1; i <= layers; i++) rank[layer_name[i]] = i
      edge["actors"] = edge["config"] = edge["monitoring"] = edge["store"] = layers
      edge["store"] = rank["image"]  # the last layer that it sees
      only["raft"] = "base"
      last["model"] = rank["agent"]
      also["store"] = "raft"

      # Third-party headers (prefix or whole name) and the one folder where they live.
      home["caf/"] = "actors"
      home["openssl/"] = "actors"
      home["nlohmann/"] = "actors"
      home["yaml-cpp/"] = "config"
      home["CLI/"] = "config"
      home["prometheus/"] = "monitoring"
      home["lmdb.h"] = "store"
      home["zstd.h"] = "store"
      home["hiredis/"] = "store"
      home["xxhash.h"] = "base"
      home["scotch.h"] = "cluster"  # partitions of graphs: memory in, memory out, one thread
      home["cxxabi.h"] = "base"    # of the standard library: names of types in error texts
      home["dlfcn.h"] = "code monitoring"  # what is of the program, of a shared library, of a web server
      home["sys/mman.h"] = "base"   # advice on memory: huge pages for large worlds

      impure = "thread mutex shared_mutex condition_variable future semaphore latch barrier " \
               "stop_token chrono fstream filesystem iostream ctime csignal syncstream"
      n = split(impure, names, " ")
      for (i = 1; i <= n; i++) not_below_edge[names[i]] = 1
    }

    function report(text) { print FILENAME ":" FNR ": " text }

    # The first folder of a path, or the second one below libstos/.
    function owner(path,   part, n) {
      n = split(path, part, "/")
      if (part[1] != "libstos") return part[1]
      return n > 2 ? part[2] : ""
    }

    function allowed(here,   i, text) {
      if (here in only) return "libstos/" only[here] ", libstos/" here
      if (here in edge && edge[here] == layers)
        return "libstos/*, " here (here == "actors" ? ", config, monitoring, store" : "")
      for (i = 1; i <= (here in edge ? edge[here] : here in last ? last[here] : rank[here]); i++) text = text (i > 1 ? ", " : "") "libstos/" layer_name[i]
      if (here in also) text = text ", libstos/" also[here]
      return text
    }

    FNR == 1 {
      here = owner(FILENAME)
      if (!(here in rank) && !(here in edge))
        report("no row of the table for this folder; rows: " layer_names())
    }
    function layer_names(   i, text) {
      for (i = 1; i <= layers; i++) text = text "libstos/" layer_name[i] ", "
      return text "actors, config, monitoring, store"
    }

    /^[ \t]*#[ \t]*include/ {
      if (!(here in rank) && !(here in edge)) next
      line = $0
      sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
      if (line !~ /^("[^"]+"|<[^>]+>)/) { report("an include that cannot be read: " line); next }
      quoted = substr(line, 1, 1) == "\""
      path = substr(line, 2)
      sub(/[">].*/, "", path)

      if (path ~ /^(libstos|actors|config|monitoring|store)\//) {
        there = owner(path)
        if (there == here) next
        if (there == "") { report(path " is for users; include what you need of it"); next }
        if (here in only) {
          if (there == only[here]) next
        } else if (here in also && there == also[here]) next
        else if (here in edge) {
          if (there in rank && rank[there] <= edge[here]) next
          if (here == "actors" && there in edge) next
        } else if (here in last) {
          if (there in rank && rank[there] <= last[here]) next
        } else if ((there in rank) && rank[there] < rank[here]) next
        report(path " is not for " here "; allowed: " allowed(here))
        next
      }
      for (prefix in home)
        if (index(path, prefix) == 1) {
          if (index(" " home[prefix] " ", " " here " ") == 0) report(path " is for " home[prefix] " only")
          next
        }
      if (quoted) { report(path " is not written from the repository root"); next }
      if (here in edge) next
      if (path ~ /[\/.]/) {
        report(path " is no standard C++ header; " here " allows std and " allowed(here))
        next
      }
      if (path in not_below_edge) {
        report(path " is for the edge only (actors, config, monitoring, store)")
        next
      }
      if (path == "atomic" && rank[here] < rank["code"])
        report(path " is allowed from code up")
    }'
)

# ---- the check itself must find what is wrong, and nothing else -----------------------------------

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

plant() { mkdir -p "$work/$(dirname "$1")"; printf '%s\n' "${@:2}" >"$work/$1"; }

plant libstos/stos.hpp          '#include "actors/pool.hpp"'
plant libstos/base/good.hpp     '#include <xxhash.h>' '// #include <thread>' '#include <vector>'
plant libstos/causal/good.cpp   '#include "libstos/spacetime/a.hpp"' '#include "libstos/base/b.hpp"'
plant libstos/code/good.hpp     '#include <atomic>'
plant libstos/engine/deep/a.cpp '#include "libstos/world/cell.hpp"' '#include "libstos/engine/b.hpp"'
plant libstos/world/up.cpp      '#include "libstos/engine/execution.hpp"'
plant libstos/cluster/good.cpp  '#include <scotch.h>' '#include "libstos/agent/a.hpp"'
plant actors/good.cpp           '#include <caf/all.hpp>' '#include "config/c.hpp"' '#include <thread>' \
                                '#include "monitoring/m.hpp"' '#include "store/s.hpp"'
plant store/good.cpp            '#include <lmdb.h>' '#include "libstos/image/cut.hpp"' '#include <thread>'
plant libstos/raft/good.cpp     '#include "libstos/base/bytes.hpp"' '#include "libstos/raft/log.hpp"'
plant libstos/raft/far.cpp      '#include "libstos/causal/mailbox.hpp"'
plant libstos/agent/raft.cpp    '#include "libstos/raft/log.hpp"'
plant libstos/cluster/raft.cpp  '#include "libstos/raft/log.hpp"'
plant libstos/service/good.cpp  '#include "libstos/raft/log.hpp"'
plant libstos/model/good.cpp    '#include "libstos/agent/agent.hpp"'
plant libstos/model/far.cpp     '#include "libstos/cluster/view/view.hpp"'
plant libstos/service/up.cpp    '#include "libstos/model/cycles.hpp"'
plant store/raft.cpp            '#include "libstos/raft/log.hpp"'
plant store/up.cpp              '#include "libstos/engine/execution.hpp"'
plant store/side.cpp            '#include "config/c.hpp"'
plant config/good.cpp           '#include <yaml-cpp/yaml.h>' '#include <CLI/CLI.hpp>'
plant libstos/base/up.hpp       '#pragma once' '#include "libstos/causal/mailbox.hpp"'
plant libstos/base/far.hpp      '#include "near.hpp"'
plant libstos/causal/atom.cpp   '#include <atomic>'
plant libstos/causal/clock.cpp  '' '' '  #  include <chrono>'
plant libstos/causal/caf.cpp    '#include <caf/actor.hpp>'
plant libstos/service/posix.cpp '#include <sys/socket.h>'
plant libstos/agent/graph.cpp   '#include <scotch.h>'
plant libstos/spacetime/xx.cpp  '#include <xxhash.h>'
plant libstos/strange/x.hpp     '#include <vector>'
plant config/pool.cpp           '#include "actors/pool.hpp"'
plant actors/yaml.cpp           '#include "yaml-cpp/yaml.h"'
plant actors/redis.cpp          '#include <hiredis/hiredis.h>'

wanted='actors/redis.cpp:1
actors/yaml.cpp:1
config/pool.cpp:1
libstos/agent/graph.cpp:1
libstos/agent/raft.cpp:1
libstos/base/far.hpp:1
libstos/base/up.hpp:2
libstos/causal/atom.cpp:1
libstos/causal/caf.cpp:1
libstos/causal/clock.cpp:3
libstos/model/far.cpp:1
libstos/raft/far.cpp:1
libstos/service/posix.cpp:1
libstos/service/up.cpp:1
libstos/spacetime/xx.cpp:1
libstos/strange/x.hpp:1
libstos/world/up.cpp:1
store/side.cpp:1
store/up.cpp:1'
seen=$(violations "$work" | sed 's/^\([^:]*:[0-9]*\):.*/\1/' | LC_ALL=C sort)
if [[ $seen != "$wanted" ]]; then
  echo "include_table: the self-check failed; planted against found:"
  diff <(echo "$wanted") <(echo "$seen") || true
  exit 1
fi

# ---- our tree -------------------------------------------------------------------------------------

found=$(violations "${STOS_SOURCE_DIR:-$(dirname "$0")/../..}")
if [[ -n $found ]]; then
  echo "$found"
  echo "include_table: $(wc -l <<<"$found") violation(s) of the table of layers"
  exit 1
fi
echo "include_table: ok"
