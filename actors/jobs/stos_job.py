"""What a Python script needs to be a job of a stos cluster; see docs/jobs.md.

    import stos_job

    def split(arguments):            # once: the parts, each of them something JSON can say
        return [1, 2, 3]

    def part(number):                # for each part, somewhere in the cluster
        return number * number

    def reduce(results):             # once, if there is one: all results, in the order of the parts
        return sum(results)

    stos_job.run(split, part, reduce)

`python3 script.py ARGUMENTS` by itself does the same in one process, to try it out.
It needs nothing but the standard library. What a script prints goes to its standard error.
"""

import json
import os
import signal
import sys
import traceback

__all__ = ["run", "progress", "log", "nodes", "slots", "Cancelled"]

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
