"""The corpus that is kept covers the link, finds nothing in it, and finds what is wrong with links that are broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fuzz import corpus, link, parsers, setups
from fuzz.run import HARNESSES
from fuzz.stub import OPENED, StubAead
from rekeyspec.reference.wire import frames, seal
from rekeyspec.reference.wire import link as wire
from rekeyspec.reference.wire.frames import TAG, said
from rekeyspec.reference.wire.link import Link
from rekeyspec.reference.wire.seal import Opener

KEPT = {harness: corpus.kept(harness) for harness in HARNESSES}


def judged(data: bytes) -> bool:
    return link.one_input(data, judged=True)


def test_the_corpus_of_the_link_finds_nothing_and_gets_past_the_parser() -> None:
    past = sum(map(judged, KEPT["link"]))
    assert past >= len(KEPT["link"]) / 5


def test_the_corpus_runs_nearly_every_line_of_the_link() -> None:
    share, missing = corpus.share(KEPT["link"], link.one_input, wire)
    assert share >= 0.95, missing


@pytest.mark.parametrize("module", [frames, seal], ids=["frames", "seal"])
def test_and_of_what_it_stands_on(module: Any) -> None:
    share, missing = corpus.share(KEPT["link"], link.one_input, module)
    assert share >= 0.85, missing


def test_the_corpus_of_the_parsers_finds_nothing_and_much_of_it_is_understood() -> None:
    past = sum(map(parsers.one_input, KEPT["parsers"]))
    assert past >= len(KEPT["parsers"]) / 5


def test_the_corpora_are_small() -> None:
    assert all(len(inputs) <= 400 for inputs in KEPT.values())
    assert sum(len(one) for inputs in KEPT.values() for one in inputs) <= 100_000


def replays(patch: pytest.MonkeyPatch) -> None:
    opened = Opener.open

    def again(self: Opener, frame: frames.Frame) -> bytes | None:
        self._next = min(self._next, frame.number)
        return opened(self, frame)

    patch.setattr(Opener, "open", again)


def forgeries(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StubAead, "decrypt", lambda _self, _nonce, data, _header: bytes(data[:-TAG]))


def delivers_twice(patch: pytest.MonkeyPatch) -> None:
    did = Link._did

    def twice(self: Link, e: Any) -> None:
        did(self, e)
        if e.do == "Deliver":
            self.news.append(self.news[-1])

    patch.setattr(Link, "_did", twice)


def obeys_what_is_clear(patch: pytest.MonkeyPatch) -> None:
    def obey(self: Link, frame: frames.Frame) -> None:
        found = said(frame, frame.body)
        if found is not None:
            self._message(found[0], found[1]._replace(sealed_by="peer"), found[2])

    patch.setattr(Link, "_clear", obey)


def keeps_old_keys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Link, "_prune", lambda _self: None)


def keeps_keys_after_the_end(patch: pytest.MonkeyPatch) -> None:
    end = Link._end

    def keep(self: Link, why: str) -> None:
        keys = dict(self._keys)
        end(self, why)
        self._keys.update(keys)

    patch.setattr(Link, "_end", keep)


def is_late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Link, "_catch_up", lambda _self, _t: None)


def mixes_up_pieces(patch: pytest.MonkeyPatch) -> None:
    whole = Link._whole

    def mixed(self: Link, partial: Any) -> None:
        partial.pieces.reverse()
        whole(self, partial)

    patch.setattr(Link, "_whole", mixed)


def turns_the_queue_round(patch: pytest.MonkeyPatch) -> None:
    offer = Link.offer

    def first(self: Link, data: bytes, t: int) -> str:
        why = offer(self, data, t)
        self._queue.rotate()
        return why

    patch.setattr(Link, "offer", first)


def keeps_all_that_is_early(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wire, "EARLY", 1 << 40)


def believes_any_epoch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wire, "_of_its_key", lambda _frame, _found: True)


def sends_after_the_end(patch: pytest.MonkeyPatch) -> None:
    tick = Link.tick

    def chatter(self: Link, t: int) -> None:
        tick(self, t)
        if self.closed:
            self._out[0].append(b"still here")

    patch.setattr(Link, "tick", chatter)


PLANTED: list[Callable[[pytest.MonkeyPatch], None]] = [
    replays, forgeries, delivers_twice, obeys_what_is_clear, keeps_old_keys, keeps_keys_after_the_end, is_late,
    mixes_up_pieces, turns_the_queue_round, keeps_all_that_is_early, believes_any_epoch, sends_after_the_end,
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_link_that_is_broken_is_found_out(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: Any) -> None:
    setups.begun(0, 1)  # made by the link as it is
    plant(monkeypatch)
    assert any(map(_found, KEPT["link"]))


def _found(data: bytes) -> bool:
    try:
        judged(data)
    except Exception:  # noqa: BLE001 -- whatever it is, it is found out
        return True
    return False


def test_an_input_is_the_same_story_each_time() -> None:
    for data in KEPT["link"][::7]:
        tales = []
        for _ in range(2):
            before, told = OPENED[0], list[str]()
            link.Story(data, told).run()
            tales.append((told, OPENED[0] - before))
        assert tales[0] == tales[1]
