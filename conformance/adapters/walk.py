"""`rekeyspec adapter test`: a newcomer's adapter is led through the protocol, one step after the other.

Each step asks for one thing and says at once whether it came: so the first thing that is wrong is seen first, beside
what was read, what was expected, and a guess at the reason. The rules are asked for as far as any link needs them (one
negotiation, data, a timer, an end); the oracle judges that, as it judges everything. What the protocol forbids ends the
walk, since nothing after it could be believed; what a rule forbids ends the story that it happened in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rekeyspec.conformance.adapters import hints, wire
from rekeyspec.conformance.adapters.lessons import Line, client_story, server_story, timer_story
from rekeyspec.conformance.adapters.process import START, TIMEOUT
from rekeyspec.conformance.adapters.protocol import Introduction
from rekeyspec.conformance.adapters.walker import Found, Program, Walker, as_read, as_written
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import Broken, Reply, bare
from rekeyspec.conformance.yamlfile import choose
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

INTRODUCED: Final = "hello: it introduces itself"


def walk(command: str, timeout: float = TIMEOUT, grace: float = 1.0, start: float = START) -> Iterator[Found]:
    """Leads the program that the command starts through the protocol, a step at a time. `timeout` (s) is for each
    answer but the first, which has `start` (s), `grace` (s) for its end. Raises BadInput for a command that cannot be
    split."""
    program = Program(command, timeout, grace)
    try:
        yield from _steps(program, grace, start)
    except Broken as why:
        yield program.broken(why)
    finally:
        program.child.end()


def exit_code(found: Iterable[Found]) -> int:
    """2: the protocol is broken. 1: it is spoken, but something is done that no rule allows. 0: neither."""
    words = {one.word for one in found}
    return 2 if "broken" in words else 1 if "violates" in words else 0


def _steps(program: Program, grace: float, start: float) -> Iterator[Found]:
    try:
        said = program.ask(wire.hello(), wire.introduction, start)
    except Broken as why:
        if "cannot be started" not in str(why):
            yield Found(program.step, "ok")
            program.step = INTRODUCED
        raise
    yield Found(program.step, "ok")
    yield _introduced(said)
    yield _known(said)
    stated = frozenset(said.features)
    if "real-clock" in stated:
        yield from _by_its_clock(program, stated)
        yield _leaves(program, grace)
        return
    program.step = "open: a client's end"
    client = Walker(program, "client", stated)
    yield Found(program.step, "ok")
    yield from _told(client, client_story())
    program.step = "open: a server's end, beside it"
    server = Walker(program, "server", stated)
    yield Found(program.step, "ok")
    yield from _told(server, server_story())
    program.step = "close: an end is closed, by its id"
    server.close()
    client.close()
    yield Found(program.step, "ok")
    yield from _told(Walker(program, "client", stated), timer_story(Policy()))
    yield _same(program, client)
    yield _apart(program, (client, server))
    if "gateway" in said.features:
        yield _gateway(program)
    yield _leaves(program, grace)


def _by_its_clock(program: Program, stated: frozenset[str]) -> Iterator[Found]:
    """An adapter that has a clock of its own is asked for the forms only: what it does takes real time to judge."""
    program.step = "open: a client's end"
    end = Walker(program, "client", stated)
    yield Found(program.step, "ok")
    program.step = "Open, Tick: it answers, and what it does is judged in real time, by check"
    for do in ("Open", "Tick"):
        end.step(Event(0, "client", do))
    yield Found(program.step, "ok")
    program.step = "close: an end is closed, by its id"
    end.close()
    yield Found(program.step, "ok")


def _told(walker: Walker, story: list[Line]) -> Iterator[Found]:
    """The story, up to where the rules are left."""
    for step, events in story:
        found = walker.tell(step, events)
        yield found
        if found.word == "violates":
            return


def _introduced(said: Introduction) -> Found:
    features = f"; features: {', '.join(said.features)}" if said.features else ""
    return Found(INTRODUCED, "ok", f"{f'{said.name} {said.version}'.strip()}{features}")


def _known(said: Introduction) -> Found:
    """What it stated as unsupported are rules that there are."""
    step = "hello: what it does not support"
    for rule in said.unsupported:
        if rule not in rules():
            expected, remedy = choose(rule, rules())
            return Found(step, "ok, but", f"there is no rule {rule}", expected=expected, hint=remedy)
    return Found(step, "ok", ", ".join(said.unsupported) or "nothing")


def _same(program: Program, told: Walker) -> Found:
    """An end that is given the same does the same, whether in one line or in many."""
    program.step = "run: a new end that is given all of the client's story in one line does the same"
    again = Walker(program, "client", told.stated)
    replies = again.run(told.given)
    again.close()
    return _compared(program.step, told.given, told.replies, replies)


def _apart(program: Program, told: Sequence[Walker]) -> Found:
    """Ends that are open at the same time do what they would do alone."""
    program.step = "several ends at once: each does as if it were alone"
    ends = [(one, Walker(program, one.role, one.stated)) for one in (*told, *told)]
    for n in range(min(20, *(len(one.given) for one in told))):
        for one, end in ends:
            reply = end.step(one.given[n])
            found = _compared(program.step, [one.given[n]], [one.replies[n]], [reply])
            if found.word != "ok":
                return found
    for _, end in ends:
        end.close()
    return Found(program.step, "ok")


def _compared(step: str, given: Sequence[Event], first: Sequence[Reply], then: Sequence[Reply]) -> Found:
    for event, before, now in zip(given, first, then, strict=True):
        if _but_words(before) != _but_words(now):
            remark = "it did not do the same when it was given the same"
            asked, read, expected = (
                wire.encode(one) for one in (wire.event_out(event), as_written(now), as_written(before))
            )
            return Found(step, "violates", remark, as_read(asked), as_read(read), as_read(expected), hints.SAME)
    return Found(step, "ok")


def _but_words(reply: Reply) -> Reply:
    """A reply, without reasons in the end's own words."""
    return Reply(tuple(bare(e)._replace(reason="") for e in reply.did), reply.deadline)


def _gateway(program: Program) -> Found:
    """GATE-1: of two links of one user the second is refused, where one is allowed."""
    program.step = "gateway: of two links of one user, where one is allowed, the second is refused"
    policy = Policy(links_per_user=1)
    ends = [Walker(program, "server", frozenset(), policy, "ann") for _ in range(2)]
    did = [" ".join(e.do for e in end.step(Event(0, "server", "Open")).did) or "nothing" for end in ends]
    if did == ["nothing", "Refuse"]:
        return Found(program.step, "ok")
    hint = "ends with the same `gateway` are counted together, by `user`; without them an end is alone"
    return Found(program.step, "violates", "GATE-1", "", ", then ".join(did), "nothing, then Refuse", hint)


def _leaves(program: Program, grace: float) -> Found:
    """It ends when its input does. What it said to people is shown, as a sign that it may."""
    program.step = "end of input: it ends"
    ended = program.child.leave(grace)
    words = program.child.last_words()
    said = f"standard error was {'empty' if not words else wire.shown(words, 200)}"
    if not ended:
        hint = "end when standard input does; what goes on running is ended by force"
        return Found(program.step, "ok, but", f"it still ran {grace:g} s later; {said}", hint=hint)
    return Found(program.step, "ok", said)
