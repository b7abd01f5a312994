"""What one IKE message means, by the payloads that charon names: the table of `events`, line by line."""

from __future__ import annotations

from typing import Literal

from rekeyspec.conformance.peers.ipsec.log import Line

Meaning = Literal["first", "start", "answer", "finish", "heartbeat", "reply", "close", "refused", "other"]


def of_ikev1(exchange: str, held: set[str], place: int) -> Meaning | None:
    """What a message of IKEv1 means; `place` is its own in its quick mode."""
    if exchange == "QUICK_MODE":
        return {1: "start", 2: "answer", 3: "finish"}.get(place, "other")  # type: ignore[return-value]
    if exchange == "INFORMATIONAL_V1":
        return "heartbeat" if "N(DPD)" in held else "reply" if "N(DPD_ACK)" in held else "other"
    return None


def of_ikev2(exchange: str, held: set[str], line: Line) -> Meaning:
    """What a message of IKEv2 means."""
    if exchange == "IKE_AUTH":
        return "answer" if line.who == "two" and "SA" in held else "other"
    if exchange == "CREATE_CHILD_SA" and {"SA", "No", "TSi"} <= held:
        return "start" if "N(REKEY_SA)" in held else "answer"
    if exchange == "INFORMATIONAL" and not held:
        return "reply" if " response" in line.note else "heartbeat"
    return "other"
