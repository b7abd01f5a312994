"""The adapter protocol, version 1: requests to bytes, answers to events.

One request is one line of JSON and so is its answer; `protocol.py` has their types, `docs/adapters.md` explains them.
What reaches an implementation never says `adversary`, since an end cannot tell it from `peer`.

Messages and actions are turned from tuples into structs and back by hand: at some microseconds a step that is what
lets a whole trace per line pay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from rekeyspec.conformance.adapters.protocol import (
    EXPECTED,
    FEATURES,
    GIVES_REASON,
    MESSAGE_OF,
    VERSION,
    Action,
    Close,
    Done,
    Hello,
    Introduction,
    Open,
    Result,
    Run,
    RunDone,
    Step,
    StepDone,
    Version,
    WireEvent,
    WireMessage,
)
from rekeyspec.conformance.target import Broken, Carried, Reply, carried
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, VISIBLE, Event, Message, Role

encode: Final[Callable[[object], bytes]] = msgspec.json.Encoder().encode
_decode_version: Final = msgspec.json.Decoder(Version).decode
_decode_introduction: Final = msgspec.json.Decoder(Introduction).decode
_decode_done: Final = msgspec.json.Decoder(Done).decode
_decode_step: Final = msgspec.json.Decoder(StepDone).decode
_decode_run: Final = msgspec.json.Decoder(RunDone).decode

FROM_VERSION_0: Final = (
    'let it answer hello with "protocol":1, and with "features":["gateway"] if its ends can be opened on a gateway: '
    "nothing else has changed (docs/adapters.md, From version 0)"
)

NOTHING: Final[frozenset[str]] = frozenset()

_T = TypeVar("_T")


def shown(line: bytes | str, width: int = 160) -> str:
    """A line as a message can quote it: one line, nothing a terminal would obey, cut to `width` characters."""
    text = line[: 4 * width].decode("utf-8", "replace") if isinstance(line, bytes) else line[: 4 * width]
    quoted = repr(text)
    if len(quoted) <= width and len(line) <= 4 * width:
        return quoted
    return f"{quoted[:width]}... ({len(line)} {'bytes' if isinstance(line, bytes) else 'characters'})"


def said(made: object) -> str:
    """What somebody's object says of itself, if it can."""
    try:
        return repr(made)
    except Exception as wrong:  # noqa: BLE001 - it is not our code, and may raise anything
        return f"a {type(made).__name__} whose repr fails with {type(wrong).__name__}"


def as_seen(event: Event) -> Event:
    """The event as an end sees it: whoever holds the key is the peer."""
    m = event.message
    return event._replace(message=m._replace(sealed_by="peer")) if m and m.sealed_by == "adversary" else event


def event_out(event: Event) -> WireEvent:
    """The event as the protocol says it, of which the end, the link and the reason are no part."""
    m = event.message
    message = None
    if m is not None:
        seal = "peer" if m.sealed_by == "adversary" else m.sealed_by
        opaque = m.opaque if type(m) is Carried else ""
        message = WireMessage(m.kind, m.epoch, m.number, m.negotiation, m.session, m.bytes, m.channel, seal, opaque)
    return WireEvent(event.t, event.do, message, event.bytes)  # type: ignore[arg-type]


def plain(event: Event) -> dict[str, Any]:
    """The same as a dictionary, for implementations in Python."""
    made: dict[str, Any] = msgspec.to_builtins(event_out(event))
    return made


def hello() -> bytes:
    """The first request."""
    return encode(Hello(VERSION)) + b"\n"


def open_end(ident: int, role: Role, policy: Policy, gateway: int | None = None, user: str = "") -> bytes:
    """Opens an end under this number; on a gateway, where one is named, for this user (GATE-1)."""
    return encode(Open(ident, role, policy, gateway, user)) + b"\n"


def step(ident: int, event: Event) -> bytes:
    """Gives the end one event."""
    return encode(Step(ident, event_out(event))) + b"\n"


def run(ident: int, events: Sequence[Event]) -> bytes:
    """Gives the end many events."""
    return encode(Run(ident, [event_out(e) for e in events])) + b"\n"


def close(ident: int) -> bytes:
    """The end is not needed any more."""
    return encode(Close(ident)) + b"\n"


def introduction(line: bytes) -> Introduction:
    """The answer to hello. Raises Broken, here and below, where the line is not what was asked for."""
    version = _read(_decode_version, line, Introduction).protocol
    if version != VERSION:
        raise Broken(
            f"it answered {shown(line)}: it speaks version {version} of the adapter protocol, but this harness speaks "
            f"version {VERSION}; {FROM_VERSION_0 if version == 0 else 'use an adapter for that version'}"
        )
    said = _read(_decode_introduction, line, Introduction)
    if ("real-clock" in said.features) != (said.tolerance > 0):
        why = "`tolerance` (ms, above 0) goes with the feature `real-clock`, and the feature with it"
        raise _nonsense(shown(line), why, Introduction)
    return said


def done(line: bytes, ident: int) -> None:
    """The answer to open or close."""
    answer = _read(_decode_done, line, Done)
    if answer.id != ident:
        _wrong_id(line, answer.id, ident)


def step_done(line: bytes, ident: int, event: Event, stated: frozenset[str] = NOTHING) -> Reply:
    """The answer to a step. `stated`: the features that were."""
    answer = _read(_decode_step, line, StepDone)
    if answer.id != ident:
        _wrong_id(line, answer.id, ident)
    try:
        return _reply(answer, event, stated)
    except ValueError as wrong:
        raise _nonsense(shown(line), str(wrong), StepDone) from None


def run_done(line: bytes, ident: int, events: Sequence[Event], stated: frozenset[str] = NOTHING) -> list[Reply]:
    """The answer to a run: as many replies as events."""
    answer = _read(_decode_run, line, RunDone)
    if answer.id != ident:
        _wrong_id(line, answer.id, ident)
    if len(answer.replies) != len(events):
        raise _nonsense(shown(line), f"{len(answer.replies)} replies to {len(events)} events", RunDone)
    try:
        return [_reply(result, event, stated) for result, event in zip(answer.replies, events, strict=True)]
    except ValueError as wrong:
        raise _nonsense(shown(line), str(wrong), RunDone) from None


def result(made: object, event: Event, stated: frozenset[str] = NOTHING) -> Reply:
    """What an implementation in Python returned from `step`."""
    try:
        return _reply(msgspec.convert(made, Result), event, stated)
    except (ValueError, RecursionError) as wrong:
        raise _nonsense(shown(said(made)), str(wrong), Result) from None


def _reply(result: Result, event: Event, stated: frozenset[str]) -> Reply:
    deadline = NEVER if result.deadline is None else result.deadline
    did = result.did
    return Reply(tuple([_event(action, event, stated) for action in did]) if did else (), deadline)


def _event(action: Action, event: Event, stated: frozenset[str]) -> Event:
    """The action as a log line; ValueError where action and message do not belong together."""
    do, m = action.do, action.message
    kind = MESSAGE_OF[do]
    if m is None:
        if kind and do != "Close":
            raise ValueError(f"{do} says no message; expected the {kind} message that it is about")
        message = None
    else:
        if m.kind != kind:
            raise ValueError(f"{do} says a {m.kind} message; expected {f'one of kind {kind}' if kind else 'none'}")
        message = Message(m.kind, m.epoch, m.number, m.negotiation, m.session, m.bytes, m.channel, m.sealed_by)
        if m.opaque:
            if "opaque" not in stated:
                raise ValueError("a message has `opaque` bytes, without the feature of that name stated in hello")
            message = carried(message, m.opaque)
    if action.reason and do not in GIVES_REASON:
        raise ValueError(f"{do} gives a reason; only Close and Refuse do")
    t = event.t
    if action.t is not None:
        if "real-clock" not in stated:
            raise ValueError("an action has a time of its own, `t`, without the feature `real-clock` stated in hello")
        t = action.t
    return Event(t, event.end, do, message, 0, action.reason, event.link)


def _read(decode: Callable[[bytes], _T], line: bytes, expected: type) -> _T:
    try:
        return decode(line)
    except (ValueError, RecursionError) as wrong:
        raise _nonsense(shown(line), str(wrong), expected) from None


def _wrong_id(line: bytes, read: int, expected: int) -> NoReturn:
    raise Broken(
        f"it answered {shown(line)}: this is for id {read}, but id {expected} was asked; "
        "each request is answered once, and in the order of the requests"
    )


def _nonsense(read: str, why: str, expected: type) -> Broken:
    # of an unknown action the reader is told the known ones: a silent one reported is the commonest slip
    hint = f" (`do` is one of {', '.join(VISIBLE)})" if why.endswith(".do`") else ""
    hint = f" (the features are {', '.join(FEATURES)})" if "`$.features[" in why else hint
    return Broken(f"it answered {read}: {why}{hint}; expected {EXPECTED[expected]} (docs/adapters.md)")
