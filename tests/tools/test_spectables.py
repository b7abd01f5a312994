"""The generated tables of the reader's guide say what the specification says."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.rulebook import rules
from rekeyspec.reference.guards import OWN, TAKING
from rekeyspec.tools import spectables


def test_the_tables_are_up_to_date() -> None:
    text = spectables.PAGE.read_text(encoding="utf-8")
    assert spectables.page(text) == text, "run `python -m rekeyspec.tools.spectables`"


def test_every_guard_of_the_reference_is_a_label_of_the_specification_and_no_other_is() -> None:
    guards = {(do, g.rule) for table in (OWN, TAKING) for do, its in table.items() for g in its}
    more = {(do, rule) for do, rule in spectables.labels() if do in {d for d, _ in guards}} - guards
    assert not guards - set(spectables.labels())
    assert not more


def test_what_properties_cite_are_rules() -> None:
    cited = {rule for known in spectables.properties().values() for rule in known}
    assert cited <= set(rules())
    assert len(cited) > 25


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of each"):
        spectables.page("# no markers\n")


def test_a_range_of_rules_is_each_of_them() -> None:
    assert list(spectables.cited("BYTE-1..3, HB-6")) == ["BYTE-1", "BYTE-2", "BYTE-3", "HB-6"]
