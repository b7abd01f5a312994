"""The questions that are put to every program that can be asked them: one word for each, the same at each program.

An experiment's name is its question's, or `QUESTION.SETTING` where a question is asked at several settings. A question
begins with the rule that it is about; what an experiment asks besides stands in its `rules`.
"""

from __future__ import annotations

from typing import Final

QUESTIONS: Final = {
    "EST-1-early": "Does data flow before the first negotiation is done?",
    "EST-2-wrong-key": "Is a peer refused that authenticates with a key it should not have?",
    "EST-3-contributions": "Do both ends contribute to each new key?",
    "EST-4-first": "What if the peer never answers the first negotiation?",
    "EST-4-ignored": "What if the peer ignores a renegotiation, on a quiet link?",
    "EST-4-ignored-heartbeats": "What if the peer ignores a renegotiation, and its heartbeats with it?",
    "EST-4-ignored-busy": "What if the peer ignores a renegotiation, and goes on sending under the old key?",
    "BYTE-3-sent": "Does a new key come before more than the limit has been sent under the old one?",
    "BYTE-3-received": "Do the bytes that came count too?",
    "BYTE-3-both": "Are the bytes of both directions counted together?",
    "BYTE-1-small": "Are the user's bytes counted, or what the protocol makes of them?",
    "BYTE-2-heartbeats": "Do heartbeats count as bytes, so that they alone bring about a new key?",
    "AGE-1-busy": "Does a steady trickle of data get a new key at the age limit?",
    "AGE-2-idle": "Does an idle link stay without a new key at the age limit, and its next data wait for one?",
    "IDLE-1-data": "Does the first data after idleness wait for a new key, or go out under the old one?",
    "IDLE-3-data": "Is data under a key refused after a heartbeat under it was accepted?",
    "HB-1-idle": "Does a heartbeat come when the link has been idle for the configured time?",
    "HB-2-interval": "Is the heartbeat's interval the configured one, and constant?",
    "HB-2-slow-replies": "Does the interval stay the configured one where replies take a while?",
    "HB-2-sending": "Are there heartbeats while data flows out?",
    "HB-2-receiving": "Are there heartbeats while data flows in, and again when it stops?",
    "HB-3-reply": "Are the peer's heartbeats answered at once?",
    "HB-4-age": "Is a heartbeat a rekey request, so that an idle link gets a new key after all?",
    "HB-4-idle": "Does a link that is ended for being idle look busy where heartbeats flow?",
    "HB-5-forged": "Does a forged or altered heartbeat have no effect?",
    "DEAD-1-muted": "How long after its last sign of life is a dead peer given up, against what is configured?",
    "DEAD-1-late": "Does a reply to the first of a series end the series?",
    "DEAD-3-silent": "Is a peer given up whose heartbeats stay away?",
    "DEAD-4-traffic": "Where replies stay away, is other traffic of the peer taken for a sign of life?",
    "DEAD-4-idle-traffic": "Where heartbeats stay away, is other traffic of the peer taken for a sign of life?",
    "DEAD-3-sending": "Is a silent peer given up while data flows out?",
    "CHAN-1-heartbeats": "Do heartbeats flow on the control channel, apart from the data?",
    "REKEY-1-slow": "Does what is offered during a renegotiation wait for the new key?",
    "REKEY-1-peer": "Does it send nothing from when it answers a renegotiation until the new key is in force?",
    "REKEY-2-old-key": "Does data under the old key arrive while a renegotiation is under way?",
    "REKEY-2-after": "What becomes of data under the old key once the new one is in force?",
    "REKEY-5-both": "Does one new key result when both ends start at once?",
    "CACHE-1-session": "Is a renegotiation within the session's lifetime abbreviated, and one after it full?",
    "CLOSE-1-quit": "Is an orderly end announced?",
    "CLOSE-1-rekeying": "Is an orderly end announced while a renegotiation is under way?",
    "DEAD-5-gone": "Does a link that was given up discard its keys?",
    "LIM-2-many": "Does it go on renegotiating for as long as data flows?",
    "HB-5-replayed": "Does a heartbeat that comes a second time have no effect?",
    "DEAD-1-repeated": "Does a reply to a repeat end the series?",
    "AUTH-1-forged": "Does data that nobody sealed have no effect?",
    "ORDER-1-repeated": "Is data that comes twice delivered once?",
    "ORDER-1-late": "Is data delivered in order where it comes out of order?",
    "IKE-1-probe": "Is a protected proposal that cannot be taken answered every time, so that it can be the heartbeat?",
    "IKE-1-muted": "Where the answers to the probe stay away, is the link ended as configured?",
    "IKE-2-delete": "Does ending the link tear the security association down at both ends?",
    "REKEY-4-request": "Is a request for a new key followed by a renegotiation?",
    "REKEY-5-again": "Is a renegotiation started while an earlier one is still open?",
    "EST-4-half-open": "What if the peer starts a renegotiation and does not go on with it?",
    "HB-6-data": "Does what is offered wait while a reply is outstanding?",
}  # fmt: skip


def question(name: str) -> str:
    """The question of an experiment, by its name. KeyError when there is none."""
    return QUESTIONS[name.partition(".")[0]]
