"""What hypothesis draws, and what it means: who is under test, under which policy, and what is done to the link.

One draw is two short texts, since a text is one choice to hypothesis and costs the same for three letters or sixty;
drawing a list of as many integers costs as much as telling them. The letters are of a private plane of Unicode, in the
order of their numbers: hypothesis makes a text smaller by leaving out letters and by taking lower ones, and finds no
words of anybody's program among them, which would make a seed mean something else beside that program.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Final, Literal

from rekeyspec.conformance.explore.line import Tested
from rekeyspec.conformance.explore.parameters import Policies
from rekeyspec.conformance.explore.telling import Told, tell
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.target import OWN_CLOCK, BadInput, Target, own_clock, pairs

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Shape = Literal["one-end", "both-ends"]
Draw = tuple[str, str]
"""Who, and under which policy; and what is done, a letter for each choice."""

MISSING: Final = (
    "exploring needs the module hypothesis, which is not installed; install it with: "
    "python -m pip install 'rekeyspec[explore]'"
)
LETTER: Final = 0xF0000
"""The letter of number 0."""
LETTERS: Final = 256
HEAD: Final = 8
"""How many letters choose who is under test, how the link opens, and the policy."""

_TESTED: Final[dict[Shape | None, tuple[Tested, ...]]] = {
    None: ("client", "server", "both"),
    "one-end": ("client", "server"),
    "both-ends": ("both",),
}


def hypothesis() -> ModuleType:
    """The library. Raises BadInput where it is not installed."""
    try:
        import hypothesis as found  # noqa: PLC0415  (an extra: most commands do without it)
    except ModuleNotFoundError:
        raise BadInput(MISSING) from None
    return found


def draws(steps: int) -> SearchStrategy[Draw]:
    """Draws for interleavings of at most so many lines, and in the mean of a little less than half as many."""
    st = hypothesis().strategies
    letters = st.characters(min_codepoint=LETTER, max_codepoint=LETTER + LETTERS - 1)
    head = st.text(letters, min_size=HEAD, max_size=HEAD)
    made: SearchStrategy[Draw] = st.tuples(head, st.text(letters, min_size=5 * steps // 6, max_size=3 * steps // 2))
    return made


class Drawn:
    """What the letters mean for this target. Raises BadInput for what cannot be searched: a profile that is none or
    hangs on a rule that the target lacks, one end of a pair, and a target with a clock of its own."""

    def __init__(self, target: Target, steps: int, profile: str | None = None, shape: Shape | None = None) -> None:
        if own_clock(target) is not None:
            raise BadInput(f"{target.name}: {OWN_CLOCK}")
        if pairs(target) and shape == "one-end":
            raise BadInput(f"--shape: read `one-end`, expected `both-ends` for a pair: {target.name} has two ends")
        self.target, self.steps = target, steps
        given = None if profile is None else policy_named(profile)[1]
        self.policies = Policies(target.unsupported, given)
        self.tested: Sequence[Tested] = _TESTED["both-ends" if pairs(target) else shape]

    def told(self, draw: Draw) -> Told:
        """Tell the interleaving that was drawn."""
        head, body = ([ord(letter) - LETTER for letter in part] for part in draw)
        tested, opened, base, *changes = head
        policy = self.policies.chosen(base, changes)
        who = self.tested[tested % len(self.tested)]
        return tell(policy, self.target, who, opened % 4 != 3, body, self.steps)
