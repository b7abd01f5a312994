"""A gateway: the server's ends of many links, and which further ones it admits (GATE-1).

A link is named USER/NUMBER. The rules of one link are as everywhere; the gateway only decides, when a link opens,
whether its user has room for it. An end that is not admitted is closed from the first, and says so with a `Refuse`.
"""

from __future__ import annotations

from collections.abc import Mapping

from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import FULL, End, fresh
from rekeyspec.reference.step import step as step_of_end
from rekeyspec.reference.vocabulary import Event

Gateway = Mapping[str, End]
"""The ends by the names of their links."""


def user(link: str) -> str:
    """Whose link this is."""
    return link.partition("/")[0]


def admits(p: Policy, g: Gateway, link: str) -> bool:
    """GATE-1: has the user of this link fewer others than `links_per_user`? A link counts until its end is closed."""
    held = sum(s.phase == "open" and user(name) == user(link) for name, s in g.items() if name != link)
    return not p.links_per_user or held < p.links_per_user


def refused(p: Policy, t: int) -> End:
    """The end of a link that is not admitted at `t`."""
    return End("server", p.limit, phase="closed", t=t, refusal=FULL)


def step(r: Rules, g: Gateway, e: Event) -> Gateway:
    """The gateway after this event at the link that it names. Raises NotEnabled as `step` of one end does."""
    if e.do == "Open" and not admits(r.policy, g, e.link):
        new = refused(r.policy, e.t)
    else:
        new = step_of_end(r, g.get(e.link) or fresh(r.policy, "server"), e)
    return {**g, e.link: new}
