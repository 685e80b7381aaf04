"""What a Python script needs to be a job of a stos cluster; see docs/jobs.md.

    import stos_job

    def split(arguments):            # once: the parts, each of them something JSON can say
        return [1, 2, 3]

    def part(number):                # for each part, somewhere in the cluster
        return number * number

    def reduce(results):             # once, if there is one: all results, in the order of the parts
        return sum(results)

    stos_job.run(split, part, reduce)

Parts that share something outside have locks and values in common:

    with stos_job.lock("the ledger") as fence:   # one at a time, in the whole cluster
        ledger.write(entry, fence)               # which refuses lower numbers than it has seen
    stos_job.kv.put("colour", "blue")

`python3 script.py ARGUMENTS` by itself does the same in one process, to try it out.
It needs nothing but the standard library. What a script prints goes to its standard error.
"""

import json
import os
import signal
import sys
import threading
import traceback

__all__ = ["run", "progress", "log", "lock", "kv", "nodes", "slots", "Cancelled"]

nodes = 1  # of the cluster that run parts,
slots = 1  # and how many parts all of them run at a time

_out = None  # where the node listens; None: there is no node


class Cancelled(BaseException):
    """The job was cancelled, or its part runs elsewhere: clean up within a second."""


def progress(fraction):
    """How much of this part is done, from 0 to 1."""
    _say({"progress": min(max(float(fraction), 0.0), 1.0)})


def log(text):
    """A line for those who watch the job; the last one is seen."""
    _say({"log": str(text)})


class lock:
    """A lock of the cluster, for `with`: gives the fencing number, which is higher than that of
    every grant before. `permits`: so many hold it at a time. `wait`: for so many seconds at most,
    else TimeoutError. If the node cannot renew the lease, this part is ended."""

    def __init__(self, name, permits=1, wait=None):
        self._wish = {"do": "lock", "name": str(name), "permits": int(permits)}
        if wait is not None:
            self._wish["wait"] = float(wait)
        self._numbers = []  # of locks that are held

    def __enter__(self):
        answer = _ask(self._wish)
        if answer["outcome"] == "timed_out":
            raise TimeoutError("lock %s: %s" % (self._wish["name"], answer["why"]))
        self._numbers.append(_good(answer)["answer"])
        return answer["fence"]

    def __exit__(self, *problem):
        _ask({"do": "unlock", "lock": self._numbers.pop()})
        return False


class kv:
    """The values that all clients of the cluster share, by keys: texts, of which each change has a
    number, its revision."""

    @staticmethod
    def get(key):
        """The value, or None."""
        return kv.entry(key)[0]

    @staticmethod
    def entry(key):
        """The value and its revision; (None, 0) if there is none."""
        entries = _good(_ask({"do": "get", "name": key}), "not_there")["entries"]
        return (entries[0]["value"], entries[0]["revision"]) if entries else (None, 0)

    @staticmethod
    def put(key, value):
        """The revision of the change."""
        return _good(_ask({"do": "put", "name": key, "value": _value(value)}))["revision"]

    @staticmethod
    def compare_and_set(key, revision, value):
        """If the key has that revision (0: no value): that of the change; else None."""
        wish = {"do": "put", "name": key, "value": _value(value), "revision": revision}
        answer = _good(_ask(wish), "conflict")
        return answer["revision"] if answer["outcome"] == "done" else None

    @staticmethod
    def delete(key):
        """Whether there was a value."""
        return _good(_ask({"do": "delete", "name": key}), "not_there")["outcome"] == "done"

    @staticmethod
    def propose(key, value):
        """The value that all agree on: the first one that was proposed."""
        wish = {"do": "propose", "name": key, "value": _value(value)}
        return _good(_ask(wish))["entries"][0]["value"]

    @staticmethod
    def list(prefix=""):
        """A dict of all keys that begin so, with their values."""
        entries = _good(_ask({"do": "list", "name": prefix}))["entries"]
        return {entry["key"]: entry["value"] for entry in entries}


def run(split, part, reduce=None):
    """Does what the node wants to have done, and tells it what has come of it."""
    if "JOB_OF_STOS" not in os.environ:
        return _run_alone(split, part, reduce)
    _begin()
    try:
        result = _do(json.loads(sys.stdin.buffer.readline()), split, part, reduce)
        line = _line(result)
    except Cancelled:
        os._exit(1)
    except BaseException as problem:  # SystemExit, too: it has no result
        _say({"error": _text(problem), "traceback": _traceback(problem)})
        sys.exit(1)
    _out.write(line)
    _out.flush()


def _begin():
    global _out
    _out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed is for people
    sys.stdout.reconfigure(line_buffering=True)

    def cancel(signal_number, frame):
        raise Cancelled()

    signal.signal(signal.SIGTERM, cancel)


def _do(task, split, part, reduce):
    global nodes, slots
    nodes, slots = task["nodes"], task["slots"]
    if task["do"] == "split":
        parts = split(task["arguments"])
        try:
            parts = list(parts)
        except TypeError:
            raise TypeError(
                "split() returned %r; wanted: a list of parts" % (parts,)
            ) from None
        return {"result": parts, "reduce": reduce is not None}
    if task["do"] == "part":
        return {"result": part(task["input"])}
    return {"result": reduce(task["results"])}


def _line(said):
    try:
        return json.dumps(said, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError) as problem:
        raise TypeError(
            "what was returned cannot be said in JSON: %s; wanted: None, True, False, numbers, "
            "texts, and lists and dicts of them" % problem
        ) from None


def _say(said):
    if _out is None:
        print("%s" % said, file=sys.stderr)
        return
    _out.write(_line(said))
    _out.flush()


# ---- what is asked for: the node answers on descriptor 3, in any order

_last_ask = 0
_answers = {}
_heard = threading.Condition()
_listener = None


def _ask(wish):
    global _last_ask, _listener
    with _heard:
        _last_ask += 1
        number = _last_ask
        wish = dict(wish, ask=number)
        if _out is None:
            return _Alone.answer(wish)
        if _listener is None:
            _listener = threading.Thread(target=_listen, daemon=True)
            _listener.start()
        _say(wish)
        while number not in _answers:
            if not _heard.wait(1) and not _listener.is_alive():
                raise ConnectionError("the node does not answer any more")
        return _answers.pop(number)


def _listen():
    with os.fdopen(3, "rb") as node:
        for line in node:
            answer = json.loads(line)
            with _heard:
                _answers[answer["answer"]] = answer
                _heard.notify_all()


def _good(answer, *others):
    if answer["outcome"] not in ("done",) + others:
        raise RuntimeError(answer["why"])
    return answer


def _value(value):
    if not isinstance(value, str):
        raise TypeError("%r is no value of a key; wanted: a text" % (value,))
    return value


class _Alone:
    """A cluster of one process, which does one thing at a time."""

    revision = 0
    fence = 0
    entries = {}

    @classmethod
    def answer(cls, wish):
        answer = {"answer": wish["ask"], "outcome": "done", "entries": []}
        key, what = wish.get("name"), wish["do"]
        entry = cls.entries.get(key)
        if what == "lock":
            cls.fence += 1
            answer["fence"] = cls.fence
        elif what == "list":
            found = (cls.entries[each] for each in sorted(cls.entries) if each.startswith(key))
            answer["entries"] = list(found)
        elif what == "put" and wish.get("revision", entry["revision"] if entry else 0) != (
            entry["revision"] if entry else 0
        ):
            answer["outcome"] = "conflict"
        elif what == "put" or (what == "propose" and entry is None):
            cls.revision += 1
            entry = {"key": key, "value": wish["value"], "revision": cls.revision}
            cls.entries[key] = entry
        elif what in ("get", "delete") and entry is None:
            answer["outcome"] = "not_there"
        if what in ("get", "propose") and entry is not None:
            answer["entries"] = [entry]
        if what == "delete":
            cls.entries.pop(key, None)
        answer["revision"] = entry["revision"] if entry else 0
        return answer


def _text(problem):
    return "%s: %s" % (type(problem).__name__, problem)


def _traceback(problem):
    """Without what lies in this file."""
    lines = traceback.TracebackException.from_exception(problem, limit=-30)
    frames = [f for f in lines.stack if f.filename != __file__]
    for frame in frames:
        frame.filename = os.path.basename(frame.filename)
    return "".join(traceback.StackSummary.from_list(frames).format())


def _run_alone(split, part, reduce):
    def through_json(value):
        return json.loads(_line(value))

    results = [through_json(part(each)) for each in through_json(list(split(sys.argv[1:])))]
    print(json.dumps(through_json(reduce(results)) if reduce else results))
