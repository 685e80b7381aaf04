"""As much of a client of Redis as the jobs here need, without anything but the standard library.

Protocol: RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec
"""

import socket
import urllib.parse


class Redis:
    """A connection to `redis://[:PASSWORD@]HOST[:PORT][/DATABASE]`.

    What cannot be reached is a ConnectionError, what the server refuses a RuntimeError; both name
    the server.
    """

    BATCH = 500  # commands on their way at a time, so that neither side has to wait to be read

    def __init__(self, url, timeout=30):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "redis" or not parts.hostname:
            raise ValueError("no server: %r; wanted: redis://HOST:PORT" % url)
        self.name = "redis://%s:%d" % (parts.hostname, parts.port or 6379)
        try:
            self._socket = socket.create_connection((parts.hostname, parts.port or 6379), timeout)
        except OSError as problem:
            raise ConnectionError("%s: %s" % (self.name, problem)) from None
        self._replies = self._socket.makefile("rb")
        if parts.password:
            self.do("AUTH", urllib.parse.unquote(parts.password))
        if parts.path.strip("/"):
            self.do("SELECT", parts.path.strip("/"))

    def do(self, *command):
        """The reply to one command."""
        return next(self.do_all([command]))

    def do_all(self, commands):
        """The replies to any number of commands, in their order, as they come: integers, bytes, None,
        and lists of them."""
        batch = []
        for command in commands:
            batch.append(command)
            if len(batch) == self.BATCH:
                yield from self._exchange(batch)
                batch = []
        yield from self._exchange(batch)

    def _exchange(self, batch):
        try:
            self._socket.sendall(b"".join(map(_encode, batch)))
            return [self._reply() for _ in batch]
        except OSError as problem:
            raise ConnectionError("%s: %s" % (self.name, problem)) from None

    def _reply(self):
        line = self._replies.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server has closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RuntimeError("%s: the server says: %s" % (self.name, rest.decode()))
        size = int(rest)
        if size < 0:
            return None
        if kind == b"*":
            return [self._reply() for _ in range(size)]
        value = self._replies.read(size + 2)
        if len(value) != size + 2:
            raise ConnectionError("the server has closed the connection")
        return value[:-2]


def _encode(command):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in command]
    head = b"*%d\r\n" % len(words)
    return head + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
