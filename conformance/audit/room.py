"""Who has room at a gateway, as far as its log tells (GATE-1): which links of each user are open at the server.

Where the log began in the middle, or lost sight of an end when it left the rules, nobody can say whether that link is
still held: then both answers of the gateway are allowed. Whether so many links are too many is the reference's to say.
"""

from __future__ import annotations

from collections import Counter

from rekeyspec.reference.gateway import admits, user
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End


class Room:
    """The links at one gateway. Nothing is remembered where the policy has no bound. `begun`: the log goes on from one
    that is not there, so that any user may have links that it does not tell of."""

    def __init__(self, policy: Policy, *, begun: bool = False) -> None:
        self.policy, self.bounded, self.begun = policy, policy.links_per_user > 0, begun
        self.links: dict[str, bool] = {}
        """The links that are held, and whether that is sure."""
        self._held: Counter[str] = Counter()
        self._unsure: Counter[str] = Counter()

    def take(self, link: str, *, sure: bool = True) -> None:
        """A link is held, or may be."""
        if self.bounded:
            self.free(link)
            self.links[link] = sure
            (self._held if sure else self._unsure)[user(link)] += 1

    def free(self, link: str) -> None:
        """It is not held, or not any more."""
        sure = self.links.pop(link, None)
        if sure is not None:
            found, name = self._held if sure else self._unsure, user(link)
            found[name] -= 1
            if not found[name]:
                del found[name]

    def admits(self, link: str) -> bool | None:
        """Must this link, which is not held itself, be admitted, or refused? None: either."""
        if not self.bounded:
            return True
        held, unsure = self._held[user(link)], self._unsure[user(link)]
        if not self._admits(link, held):
            return False
        return True if not self.begun and self._admits(link, held + unsure) else None

    def _admits(self, link: str, others: int) -> bool:
        most = min(others, self.policy.links_per_user)  # more make no difference
        end = End("server", self.policy.limit, phase="open")
        return admits(self.policy, {f"{user(link)}/{number} of the others": end for number in range(most)}, link)
