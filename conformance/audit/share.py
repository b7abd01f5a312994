"""Which links are judged here: a part of all, so that several processes share a log, and only those asked for."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from rekeyspec.reference.gateway import user


@dataclass(frozen=True)
class Share:
    """One part of so many, of the links of `only` (users; empty: all)."""

    part: int = 0
    parts: int = 1
    only: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        """Are all links judged here?"""
        return self.parts == 1 and not self.only

    def has(self, link: str) -> bool:
        """Is this link? The links of one user stand on one gateway, and stay together."""
        name = user(link)
        if self.only and name not in self.only:
            return False
        return crc32(name.encode()) % self.parts == self.part
