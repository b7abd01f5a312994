"""What no trace can judge: the rules of the ISAKMP/Oakley embodiment, which are about that protocol's own messages, and
which only a real program can keep or break. They are *unsupported* for every target that is none (`peers/`)."""

from __future__ import annotations

from typing import Final

UNJUDGED: Final[dict[str, str]] = dict.fromkeys(
    ("IKE-1", "IKE-2"), "stated: it is about ISAKMP's own messages, which real programs have: see peer:ikev1-probe"
)
