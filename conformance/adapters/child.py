"""A program that answers lines, and the patience to talk to it.

The program runs under a keeper (`keeper.py`), which ends it and whatever it started. Its streams are read as they come:
standard error too, or a program that floods it would stall. Nothing is waited for without a time-out, and of a
line that does not end no more is held than the longest one allowed. Real time, the only kind that a process has.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rekeyspec.conformance.adapters.wire import shown
from rekeyspec.conformance.target import Broken

KEEPER: Final = str(Path(__file__).with_name("keeper.py"))
CHUNK: Final = 1 << 16
TAIL: Final = 1 << 12
"""How much of standard error is remembered, in bytes."""
MOMENT: Final = 1.0
"""How long (s) a program that closed a stream may take to be seen ending: an exit status says more than the closing."""
UNKILLABLE: Final = 10.0
"""How long (s) beyond its graces the keeper may take before it is given up."""

REMEDIES: Final = {
    errno.ENOENT: "give the path of a program or the name of one on PATH; a script needs its interpreter too",
    errno.EACCES: "make it executable (chmod +x), or name its interpreter first",
    errno.ENOEXEC: "it is no program for this machine; a script needs a first line such as #!/usr/bin/env python3",
}


class Child:
    """One running program. Every method but `end` raises Broken when the program is at fault."""

    def __init__(self, argv: Sequence[str], grace: float, longest: int) -> None:
        """Starts it. `grace` (s): how long it may take to end by itself, and again after SIGTERM. `longest`: bytes."""
        self.argv = argv
        self.grace = grace
        self.longest = longest
        self.fate = ""
        """How it ended or why it could not start; empty while it runs."""
        self._out = bytearray()
        self._err = bytearray()
        self._news = bytearray()
        self._leash, its = socket.socketpair()
        with its:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", KEEPER, str(its.fileno()), str(grace), *argv],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                bufsize=0, start_new_session=True, pass_fds=[its.fileno()],
            )  # fmt: skip
        streams = (self._keeper.stdin, self._keeper.stdout, self._keeper.stderr)
        self._stdin, self._stdout, self._stderr = (s.fileno() for s in streams if s)
        self._poll = select.poll()
        watched = (self._leash.fileno(), self._stdout, self._stderr)
        self._open = set(watched)
        for fd in watched:
            os.set_blocking(fd, False)
            self._poll.register(fd, select.POLLIN)
        os.set_blocking(self._stdin, False)
        self._answer_only = [(self._stdout, select.POLLIN)]

    def ask(self, request: bytes, timeout: float) -> bytes:
        """Writes a line and reads the one that answers it, without its end. `timeout` (s) is for both together."""
        if self._poll.poll(0):
            self._take(0)
        if self._out:
            raise Broken(f"it wrote {shown(bytes(self._out))} without having been asked")
        until = time.monotonic() + timeout
        self._write(request, until)
        line = self._whole_line(timeout)
        if line is None:
            line = self._line(until)
        if line is None:
            raise Broken(self._silence(timeout))
        if self._out:
            after = shown(bytes(self._out))
            raise Broken(f"it answered {shown(line)} and then wrote {after} without having been asked")
        return line

    def _whole_line(self, timeout: float) -> bytes | None:
        """The answer, where it comes alone and in one piece, as nearly all do; this is what makes a step cheap."""
        if self._out or self._poll.poll(timeout * 1000) != self._answer_only:
            return None
        data = os.read(self._stdout, CHUNK)
        if data and data.find(b"\n") == len(data) - 1:
            return data[:-1]
        self._keep(self._stdout, self._out, data)
        return None

    def last_words(self) -> str:
        """The end of what it wrote on standard error, in one line."""
        self._drain(self._stderr, self._err, TAIL)
        return " / ".join(self._err.decode("utf-8", "replace").split("\n")[-4:]).strip(" /")

    def leave(self, seconds: float) -> bool:
        """Ends its input. Has it ended by itself within so many seconds? Nothing can be asked after this."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        until = time.monotonic() + seconds
        while not self.fate and self._take(until - time.monotonic()):
            continue
        return bool(self.fate)

    def end(self, orderly: bool = True) -> None:
        """Ends it and all that it started: after `grace`, or at once where it is not trusted to end by itself."""
        for stream in (self._keeper.stdin, self._keeper.stdout, self._keeper.stderr):
            if stream:
                stream.close()
        try:
            if not orderly:
                self._leash.send(b"kill")
            self._leash.shutdown(socket.SHUT_WR)
            self._leash.settimeout(2 * self.grace + UNKILLABLE)
            while self._leash.recv(CHUNK):  # its end of the leash closes when the keeper is done
                continue
        except TimeoutError:
            self._keeper.kill()
        except OSError:  # the keeper is gone already
            pass
        finally:
            self._leash.close()
            self._keeper.wait()

    def _write(self, request: bytes, until: float) -> None:
        left = request
        while left:
            try:
                left = left[os.write(self._stdin, left) :]
            except BlockingIOError:
                if not self._take_or_write(until):
                    raise Broken("it did not read its standard input: a request could not be written in time") from None
            except OSError:
                self._wait_for_fate()
                raise Broken(self.fate or "it closed its standard input, but goes on running") from None

    def _take_or_write(self, until: float) -> bool:
        """Waits until it reads, and takes what it writes meanwhile. False when the time is over."""
        self._poll.register(self._stdin, select.POLLOUT)
        try:
            return self._take(until - time.monotonic()) and len(self._out) <= self.longest
        finally:
            self._poll.unregister(self._stdin)

    def _line(self, until: float) -> bytes | None:
        """The next line, or None when none came in time. Broken where there will be none."""
        searched = 0
        while True:
            end = self._out.find(b"\n", searched)
            if end > self.longest or (end < 0 and len(self._out) > self.longest):
                raise Broken(
                    f"it wrote a line of more than {self.longest} bytes, which begins {shown(bytes(self._out[:200]))}"
                )
            if end >= 0:
                line = bytes(self._out[:end])
                del self._out[: end + 1]
                return line
            searched = len(self._out)
            if self.fate or self._stdout not in self._open:
                self._wait_for_fate()
                fate = self.fate or "it closed its standard output, but goes on running"
                raise Broken(fate + (f"; it left half a line, {shown(bytes(self._out))}" if self._out else ""))
            if not self._take(until - time.monotonic()):
                return None

    def _silence(self, timeout: float) -> str:
        said = f"wrote only half a line, {shown(bytes(self._out))}," if self._out else "did not answer"
        return f"it {said} within {timeout:g} s (an answer ends with a newline, and output may need flushing)"

    def _take(self, seconds: float) -> bool:
        """Waits for whatever comes next and takes it in. False when the time is over."""
        ready = self._poll.poll(max(0, seconds) * 1000)
        for fd, _ in ready:
            if fd not in self._open:  # its end was seen with the program's, or it is the one we write to
                continue
            if fd == self._stdout:
                self._read(fd, self._out)
            elif fd == self._stderr:
                self._read(fd, self._err)
                del self._err[:-TAIL]
            else:
                self._read(fd, self._news)
                self._learn_fate()
        return bool(ready)

    def _read(self, fd: int, into: bytearray) -> bool:
        """Takes what is there. False when there is nothing now."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # the keeper's end of the leash was reset
            data = b""
        return self._keep(fd, into, data)

    def _keep(self, fd: int, into: bytearray, data: bytes) -> bool:
        """Adds what was read, which is nothing at the end of a stream. False then."""
        into += data
        if not data:
            self._open.discard(fd)
            self._poll.unregister(fd)
        return bool(data)

    def _drain(self, fd: int, into: bytearray, limit: int) -> None:
        """Takes what an ended program has left in a stream; who inherited it may still write there."""
        taken = 0
        while fd in self._open and taken <= limit + self.longest and self._read(fd, into):
            taken = taken + CHUNK
            if fd == self._stderr:
                del into[:-TAIL]

    def _learn_fate(self) -> None:
        for news in self._news.decode().splitlines():
            word, _, number = news.partition(" ")
            if word == "cannot" and not self.fate:
                why = os.strerror(int(number))
                remedy = REMEDIES.get(int(number), "see that it can be run from this folder")
                self.fate = f"{self.argv[0]!r} cannot be started: {why}; {remedy}"
            elif word == "exit" and not self.fate:
                status = int(number)
                how = f"with exit status {status}" if status >= 0 else f"by {signal.Signals(-status).name}"
                self.fate = f"it ended {how} instead of answering"
        if self.fate or self._leash.fileno() not in self._open:
            self.fate = self.fate or "its keeper was killed"
            self._drain(self._stdout, self._out, 0)

    def _wait_for_fate(self) -> None:
        until = time.monotonic() + MOMENT
        while not self.fate and time.monotonic() < until:
            self._take(until - time.monotonic())
