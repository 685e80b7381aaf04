"""How good the links of a knowledge graph are that a query to a Redis server returns.

usage: link_quality.py SERVER [TYPE]   SERVER: redis://[:PASSWORD@]HOST[:PORT][/DATABASE], which all nodes
reach; TYPE of the links (default: * for all). knowledge_graph.py makes a graph. It needs redis_client.py:

    stos job submit link_quality.py --file redis_client.py redis://HOST:6379 Inheritance

One query says which links there are; each part evaluates some of them. The quality of a link from A to B is
the probability that a walker who begins at A, and may not take the link, comes to B in two or three steps: what
the graph would say if it did not know the link. It is a whole number of millionths, so that sums do not depend on
how links were divided among parts.

Source: W. Liu, L. Lu, Link prediction based on local random walk, EPL 89, 2010.
"""

import math

import stos_job
from redis_client import Redis

LINKS_OF_A_PART = 2000
DOUBTFUL = 5000  # millionths


def split(arguments):
    if not 1 <= len(arguments) <= 2:
        raise ValueError("wanted: SERVER [TYPE]")
    server, kind = arguments[0], arguments[1] if len(arguments) > 1 else "*"
    found = sorted(map(int, Redis(server).do("SMEMBERS", "graph:links:" + kind)))
    if not found:
        raise LookupError("there are no links of type %s; knowledge_graph.py makes some" % kind)
    size = LINKS_OF_A_PART
    return [[server, found[at : at + size]] for at in range(0, len(found), size)]


def part(work):
    server, numbers = work
    graph = Graph(server)
    ends = graph.ends(numbers)
    graph.look_around(ends)
    seen = {"links": 0, "sum": 0, "doubtful": 0, "best": []}
    for number, (source, target) in zip(numbers, ends):
        quality = quality_of(graph.neighbours, source, target)
        seen["links"] += 1
        seen["sum"] += quality
        seen["doubtful"] += quality < DOUBTFUL
        seen["best"].append([quality, number])
        if seen["links"] % 100 == 0:
            stos_job.progress(seen["links"] / len(numbers))
    return dict(seen, best=best(seen["best"]))


def reduce(parts):
    """With `best`: the links of the highest quality, as [millionths, link]."""
    total = {name: sum(each[name] for each in parts) for name in ("links", "sum", "doubtful")}
    total["mean"] = total["sum"] // total["links"]
    return dict(total, best=best([pair for each in parts for pair in each["best"]]))


def best(pairs):
    return sorted(pairs, key=lambda pair: (-pair[0], pair[1]))[:10]


def quality_of(neighbours, source, target):
    near_source, near_target = neighbours[source], neighbours[target]
    ways = []
    for first in near_source - {target}:
        beyond = neighbours[first]
        if first in near_target:
            ways.append(1 / len(beyond))
        for second in beyond & near_target:
            if second != source:
                ways.append(1 / (len(beyond) * len(neighbours[second])))
    others = len(near_source) - (target in near_source)
    return round(1e6 * math.fsum(ways) / others) if others else 0


class Graph:
    """As much of it as a part needs; concepts are numbers."""

    def __init__(self, server):
        self._redis = Redis(server)
        self.neighbours = {}

    def ends(self, numbers):
        """Source and target of links."""
        wishes = (("HMGET", "graph:link:%d" % number, "source", "target") for number in numbers)
        return [(int(source), int(target)) for source, target in self._redis.do_all(wishes)]

    def look_around(self, ends):
        """Gets the neighbours of both ends of links, and theirs."""
        self._get({concept for pair in ends for concept in pair})
        self._get({near for pair in ends for end in pair for near in self.neighbours[end]})

    def _get(self, concepts):
        unknown = sorted(concepts - self.neighbours.keys())
        wishes = (("SMEMBERS", "graph:neighbours:%d" % concept) for concept in unknown)
        for concept, found in zip(unknown, self._redis.do_all(wishes)):
            self.neighbours[concept] = frozenset(map(int, found))


stos_job.run(split, part, reduce)
