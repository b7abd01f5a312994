"""Keeps one program and everything it starts, so that nothing of it outlives its use. Runs as a process of its own.

`python keeper.py LEASH GRACE PROGRAM [ARGUMENT...]` starts the program in a session of its own, on the standard streams
that it was given itself. On Linux the keeper is a "child subreaper": whatever the program leaves behind, however often
it forked, changed its session or cleared its environment, becomes the keeper's child, so it is found and reaped. Where
that is absent the program's process group is all that can be reached.

LEASH is the descriptor of a socket to whoever wants the program. The keeper writes `cannot ERRNO` or `exit STATUS` on
it; when it reads `kill` there, or the other end is gone (for whatever reason, a SIGKILL included), it ends the program:
it waits GRACE seconds for it to end by itself (not after `kill`), sends SIGTERM, waits as long again, sends SIGKILL.

Only the standard library, and few modules of it (no pathlib, no contextlib): this runs at the start of every program.
"""

import errno
import os
import select
import signal
import sys
import time

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER in linux/prctl.h
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
PATIENCE = 5.0
"""How long (s) SIGKILL is repeated: what still stands then cannot be killed by us."""


class Keeper:
    """The program, its descendants, and the leash."""

    def __init__(self, leash: int, program: int, wake: int) -> None:
        self.leash = leash
        self.program = program
        self.wake = wake
        self.running = True
        self.children = True

    def until_end(self) -> str:
        """Waits until the program has ended or is wanted no more. Returns `ended`, `kill` or `released`."""
        poll = select.poll()
        poll.register(self.leash, select.POLLIN)
        poll.register(self.wake, select.POLLIN)
        while self.running:
            ready = [fd for fd, _ in poll.poll()]
            self.reap()
            if self.leash in ready:
                return "kill" if _read(self.leash) else "released"
        return "ended"

    def reap(self) -> None:
        """Collects whoever has ended, and tells of the program's own end."""
        _read(self.wake)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.children = False
                return
            if pid == 0:
                return
            if pid == self.program:
                self.running = False
                self.tell(f"exit {os.waitstatus_to_exitcode(status)}")

    def tell(self, text: str) -> None:
        """One word on the leash, if somebody still holds it."""
        try:  # noqa: SIM105
            os.write(self.leash, text.encode() + b"\n")
        except OSError:
            pass

    def end(self, orderly: bool, grace: float) -> None:
        """Ends the program and all that it left, in at most two graces and PATIENCE."""
        if orderly:
            self.wait(grace)
        if self.children:
            self.send(signal.SIGTERM)
            self.wait(grace)
        until = time.monotonic() + PATIENCE
        while self.children and time.monotonic() < until:
            self.send(signal.SIGKILL)
            self.wait(0.02)  # then again: one may have forked while the list was read

    def wait(self, seconds: float) -> None:
        """Waits until no child is left, at most so long."""
        until = time.monotonic() + seconds
        self.reap()
        while self.children and (left := until - time.monotonic()) > 0:
            select.select([self.wake], [], [], left)
            self.reap()

    def send(self, what: int) -> None:
        """A signal to every descendant; without /proc to the program's process group."""
        groups = not os.path.isdir("/proc")  # noqa: PTH112
        for pid in [self.program] if groups else descendants(os.getpid()):
            try:
                (os.killpg if groups else os.kill)(pid, what)
            except OSError:  # gone already, or another user's
                continue


def descendants(root: int) -> list[int]:
    """Every process below `root`, by /proc."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
                    parents[int(name)] = int(stat.read().rsplit(b")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
    found = [root]
    for pid in found:  # grows as it goes
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found[1:]


def prctl(option: int, value: int) -> None:
    """Asks the kernel for something about this process. Linux only; elsewhere nothing happens."""
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes  # noqa: PLC0415 - a Python may be built without it

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def start(leash: int, argv: list[str]) -> int:
    """Starts the program and returns its pid. What goes wrong is told on the leash by the child."""
    pid = os.fork()
    if pid:
        return pid
    try:
        prctl(DEATH_SIGNAL, signal.SIGKILL)  # should somebody kill the keeper
        os.setsid()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and a program would inherit that
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is what is wanted
    except OSError as wrong:
        os.write(leash, f"cannot {wrong.errno or errno.EINVAL}\n".encode())
    finally:
        os._exit(127)


def main(leash: int, grace: float, argv: list[str]) -> None:
    """Runs the program until it has ended or is wanted no more, then ends all that is left of it."""
    prctl(SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # whoever started us may have blocked the ones we live by
    os.set_inheritable(leash, False)
    wake, waker = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    keeper = Keeper(leash, start(leash, argv), wake)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)  # the program alone holds its streams, so that their end is seen
    why = keeper.until_end()
    keeper.end(orderly=why == "released", grace=grace)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:  # nothing there, or the other end was reset
        return b""


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
