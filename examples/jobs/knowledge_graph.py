"""Puts a knowledge graph of typed links into a Redis server, the same one for the same seed.

usage: knowledge_graph.py SERVER [--links N] [--seed S]   SERVER: redis://[:PASSWORD@]HOST[:PORT][/DATABASE]

Concepts lie in communities. Most links are between two of one community; one in ten leads anywhere, and
says little: the job link_quality.py is to find those. What is stored:

    graph:link:L          hash: type, source, target of link L
    graph:links:TYPE      set: the links of that type; TYPE *: all links
    graph:neighbours:C    set: the concepts that a link connects with concept C
    graph:made            hash: links, seed; written last

A server that has this graph is left as it is; one that has another graph is an error.
"""

import argparse
import random
import sys

from redis_client import Redis

TYPES = ("Inheritance", "Similarity", "Member", "Evaluation")
SHARES = (0.4, 0.3, 0.2, 0.1)
LINKS_OF_A_CONCEPT = 10
COMMUNITY = 40  # concepts
ASTRAY = 0.1


def links(count, seed):
    """All links as (type, source, target), in the order of their numbers."""
    chance = random.Random(seed)
    concepts = max(count // LINKS_OF_A_CONCEPT, 2)

    def below(number):
        return int(chance.random() * number)

    for link in range(count):
        source = link * concepts // count
        first = source // COMMUNITY * COMMUNITY
        size = min(COMMUNITY, concepts - first)
        target = source
        while target == source:
            astray = size < 2 or chance.random() < ASTRAY
            target = below(concepts) if astray else first + below(size)
        yield chance.choices(TYPES, SHARES)[0], source, target


def commands(count, seed):
    for number, (kind, source, target) in enumerate(links(count, seed)):
        yield "HSET", "graph:link:%d" % number, "type", kind, "source", source, "target", target
        yield "SADD", "graph:links:*", number
        yield "SADD", "graph:links:" + kind, number
        yield "SADD", "graph:neighbours:%d" % source, target
        yield "SADD", "graph:neighbours:%d" % target, source
    yield "HSET", "graph:made", "links", count, "seed", seed


def make(server, count, seed):
    """Whether there was none before."""
    redis = Redis(server)
    made = redis.do("HMGET", "graph:made", "links", "seed")
    if made == [b"%d" % count, b"%d" % seed]:
        return False
    if made != [None, None] or redis.do("EXISTS", "graph:links:*"):
        raise RuntimeError("%s: there is another graph, or a part of one" % redis.name)
    for _ in redis.do_all(commands(count, seed)):
        pass
    return True


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("server", metavar="SERVER")
    options.add_argument("--links", type=int, default=100000, metavar="N")
    options.add_argument("--seed", type=int, default=1, metavar="S")
    given = options.parse_args()
    if given.links < 1:
        options.error("--links: wanted: 1 or more")
    try:
        is_new = make(given.server, given.links, given.seed)
    except (ConnectionError, RuntimeError, ValueError) as problem:
        sys.exit("knowledge_graph.py: %s" % problem)
    print("%d links of seed %d %s" % (given.links, given.seed, "are stored" if is_new else "are there"))


if __name__ == "__main__":
    main()
