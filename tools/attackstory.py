"""A counterexample with an adversary in it as a trace of its victim: the end at which what the adversary made arrives.

With both ends under test a trace has no line for a message that neither sent. So what the victim sees is told, and all
that arrives there is written out in full. Which of two equal messages is the adversary's cannot be seen in one state:
each message under way is followed from the step that put it there. What the adversary finds out, records or swallows is
no event at an end, and becomes a note of the next line.

The spec counts heartbeats from a base that moves, keeps sessions by their epochs and has no ids of negotiations; here
they get the numbers and ids that the ends gave them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, get_args

import yaml

from rekeyspec.conformance import trace, yamlfile
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.policies import profile_policy
from rekeyspec.conformance.replay import replay
from rekeyspec.reference.policy import Policy, parameters
from rekeyspec.reference.vocabulary import ROLES, Role, Visible
from rekeyspec.tools.output import Behaviour
from rekeyspec.tools.story import NotAStory, State, acting, taken_by
from rekeyspec.tools.values import NotAValue

MADE: Final[Mapping[str, str]] = {
    "Duplicate": "the same once more, by the adversary",
    "Replay": "the adversary sends again what it recorded",
    "Inject": "made by the adversary, under a key that it has",
    "Forge": "forged by the adversary",
    "Junk": "made by the adversary, under no key",
    "Resume": "the adversary resumes the session in the peer's place",
    "Impersonate": "the adversary poses as the client",
    "Complete": "the adversary finishes what it started",
}
"""The actions that put a message under way which no honest end sent, and what a note says of it."""

_QUIET: Final[Mapping[str, str]] = {
    "Crack": "the adversary has found out the key",
    "Record": "the adversary has recorded a message",
    "Swap": "two messages change places",
}
_VISIBLE: Final = frozenset(get_args(Visible))
_USER: Final = frozenset({"Open", "Offer", "Shut"})
_NEGOTIATING: Final = frozenset({"start", "answer", "finish"})


@dataclass
class _Line:
    t: int
    step: dict[str, Any]
    expect: list[str] = field(default_factory=list)


@dataclass
class _Teller:
    """Follows the behaviour; `made` is for each message under way, oldest first, what is to be said of it if it is the
    adversary's, else nothing."""

    victim: Role
    now: int = 0
    lines: list[_Line] = field(default_factory=list)
    made: dict[tuple[Role, str], list[str]] = field(default_factory=dict)
    beats: dict[Role, int] = field(default_factory=lambda: dict.fromkeys(ROLES, 0))
    sessions: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, action: str, before: State, after: State) -> None:
        """What one action of the spec adds."""
        if action == "Tick":
            self.now += 1
        elif action == "Reconnect":
            self.made.clear()
            self.beats = dict.fromkeys(ROLES, 0)
        elif action in _QUIET:
            self.notes.append(_QUIET[action])
            self._swapped(before, after)
        elif action in MADE:
            self._make(action, before, after)
        else:
            self._act(action, before, after)
        self._remember(after)

    def _make(self, action: str, before: State, after: State) -> None:
        for way, queue in _ways(after):
            if len(queue) > len(_under_way(before, way)):
                self.made.setdefault(way, []).insert(1 if action == "Duplicate" else len(queue) - 1, MADE[action])

    def _swapped(self, before: State, after: State) -> None:
        for way, queue in _ways(after):
            old, flags = _under_way(before, way), self.made.get(way, [])
            for i in range(len(queue) - 1):
                if len(queue) == len(old) and queue[i] != old[i] and queue[i] == old[i + 1] and queue[i + 1] == old[i]:
                    flags[i], flags[i + 1] = flags[i + 1], flags[i]
                    return

    def _act(self, action: str, before: State, after: State) -> None:
        end = acting(before, after)
        message = taken_by(end, action, before, after)
        says = self._taken(end, before, after)
        if action == "SendHeartbeat":
            self.beats[end] += 1
        if action == "Drop":
            self.notes += [f"the {message['kind']} to the {end} is lost"]
        elif end == self.victim:
            self._given(action, message, says, before, after)
        for way, queue in _ways(after):  # what the end has sent
            flags = self.made.setdefault(way, [])
            flags += [""] * (len(queue) - len(flags))

    def _given(self, action: str, message: Any, says: str, before: State, after: State) -> None:
        if action in _USER:
            size = {"bytes": _end(after, self.victim)["queue"][-1]["bytes"]} if action == "Offer" else {}
            self._line({"do": action} | size)
        elif message:
            self._line({"do": "Arrive", "message": self._form(message, before)}, says)
        if action in _VISIBLE:
            if not self.lines or self.lines[-1].t != self.now:
                self._line({"do": "Tick"})
            self.lines[-1].expect.append(action)

    def _line(self, step: dict[str, Any], says: str = "") -> None:
        notes = [*self.notes, says] if says else self.notes
        self.lines.append(_Line(self.now, step | ({"note": "; ".join(notes)} if notes else {})))
        self.notes = []

    def _taken(self, end: Role, before: State, after: State) -> str:
        """What is to be said of the message that was taken; to a closed end nothing stays under way."""
        found = ""
        for way, queue in _ways(after):
            gone = len(_under_way(before, way)) - len(queue)
            if way[0] == end and gone > 0:
                flags = self.made.setdefault(way, [])
                found = flags[0] or found
                del flags[:gone]
        return found

    def _remember(self, after: State) -> None:
        for role in ROLES:
            epoch = _end(after, role)["epoch"]
            if epoch and epoch not in self.sessions:
                seen: Any = after["seen"]
                starter = seen[role]["key"]
                starter = _other(role) if starter == "adversary" else starter
                self.sessions[epoch] = f"{starter[0]}{epoch}"

    def _form(self, m: Mapping[str, Any], state: State) -> dict[str, Any]:
        """The message as a trace has it, with the numbers that the ends gave."""
        form: dict[str, Any] = {"kind": m["kind"], "epoch": m["epoch"]}
        owner = {"heartbeat": _other(self.victim), "reply": self.victim}.get(m["kind"])
        number = m["number"]
        if owner and number:
            number += self.beats[owner] - _end(state, owner)["beat_number"]
        if m["kind"] in _NEGOTIATING:
            starter = self.victim if m["kind"] == "answer" else _other(self.victim)
            form["negotiation"] = f"{starter[0]}{m['epoch']}"
        if m["session"]:
            form["session"] = self.sessions.get(m["session"], form.get("negotiation", ""))
        form |= {name: value for name, value in (("number", number), ("bytes", m["bytes"])) if value}
        return form | {"channel": m["channel"], "sealed_by": m["seal"]}

    def steps(self) -> list[dict[str, Any]]:
        """The lines as a trace has them; a last one calls the end at the last instant."""
        if not self.lines or self.lines[-1].t != self.now or self.notes:
            self._line({"do": "Tick"})
        told, now = [], 0
        for line in self.lines:
            step = {"do": line.step["do"]} | ({"at": line.t} if line.t != now else {})
            now = line.t
            told.append(step | line.step | ({"expect": line.expect} if line.expect else {}))
        return told


@dataclass(frozen=True)
class Attack:
    """A behaviour as its victim saw it."""

    end: Role
    steps: list[dict[str, Any]]


def tell(behaviour: Behaviour) -> Attack:
    """What the victim saw. Raises NotAStory for a behaviour of another spec, or one in which nothing was made."""
    try:
        states = [state.values() for state in behaviour.states]
        made = [
            way[0]
            for (before, after), state in zip(pairwise(states), behaviour.states[1:], strict=True)
            for way, queue in _ways(after)
            if state.action in MADE and len(queue) > len(_under_way(before, way))
        ]
        if not made:
            raise NotAStory("the adversary makes nothing in it")
        teller = _Teller(made[-1])
        for (before, after), state in zip(pairwise(states), behaviour.states[1:], strict=True):
            teller.add(state.action, before, after)
    except (NotAValue, KeyError, IndexError, TypeError) as why:
        raise NotAStory(f"no link between two ends: {why!r}") from None
    return Attack(teller.victim, teller.steps())


def to_yaml(attack: Attack, name: str, about: str, profile: str, rules: tuple[str, ...], policy: Policy) -> str:
    """The trace, in YAML. Where the reference makes another choice the story leaves open what is done."""
    base = profile_policy(profile, name)
    differs = {key: getattr(policy, key) for key in parameters() if getattr(policy, key) != getattr(base, key)}
    data: dict[str, Any] = {
        "trace": trace.VERSION, "name": name, "about": about, "profile": profile, "rules": list(rules),
        "end": attack.end, "policy": differs, "steps": attack.steps,
    }  # fmt: skip
    if _strays(data, name, policy):
        data["steps"] = [{key: value for key, value in step.items() if key != "expect"} for step in attack.steps]
    return _dumped(data)


def _strays(data: Mapping[str, Any], name: str, policy: Policy) -> bool:
    story = trace.parse(yamlfile.parse(_dumped(data), f"{name}.yaml"))
    return replay(story, policy, ReferenceTarget()).word == "inconclusive"


def _dumped(data: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110))


def _ways(state: State) -> list[tuple[tuple[Role, str], Any]]:
    """What is under way to each end over each channel."""
    wire: Any = state["wire"]
    return [((role, channel), queue) for role in ROLES for channel, queue in wire[role].items()]


def _under_way(state: State, way: tuple[Role, str]) -> Any:
    wire: Any = state["wire"]
    return wire[way[0]][way[1]]


def _end(state: State, role: Role) -> Any:
    ends: Any = state["end"]
    return ends[role]


def _other(role: Role) -> Role:
    return "server" if role == "client" else "client"
