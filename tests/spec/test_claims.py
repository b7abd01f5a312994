"""Every claim of both sources is accounted for, in words that the rules know."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.vocabulary import ENVIRONMENT, SILENT, VISIBLE
from rekeyspec.tools.claims import COUNT, FILE, PAGE, claims, page, read

TEXT = FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("letter", "count"), list(COUNT.items()))
def test_every_claim_number_occurs(letter: str, count: int) -> None:
    numbers = [claim.number for claim in claims().values() if claim.id.startswith(f"{letter}:C")]
    assert numbers == list(range(1, count + 1))


def test_rules_and_actions_exist() -> None:
    assert {rule for claim in claims().values() for rule in claim.rules} <= set(rules())
    assert {action for claim in claims().values() for action in claim.actions} <= {*ENVIRONMENT, *VISIBLE, *SILENT}


def test_every_rule_that_a_source_gives_is_asked_for_by_some_claim() -> None:
    asked = {rule for claim in claims().values() for rule in claim.rules}
    given = {rule.id for rule in rules().values() if not rule.source.startswith("ours:")}
    assert given <= asked


def test_the_page_is_what_the_file_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "rekeyspec model claims --update"


def test_no_claim_is_quoted_at_length() -> None:
    assert '"' not in "".join(claim.says for claim in claims().values())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{id: P:C3,", "{id: P:X3,", "no entry for P:C3"),
        ("  - id: K:C3\n", "  - id: K:C2\n", "the id K:C2 again"),
        ("rules: [EST-3]", "rules: [EST-9]", "'EST-9'.*did you mean"),
        ("actions: [SendReply, AcceptReply]", "actions: [SendReplies]", "'SendReplies'"),
        ("values: {idle_trigger: any}", "values: {idle_trigger: some}", "idle_trigger some"),
        ("like: K:C2}", "like: K:C99}", "'K:C99'"),
        ("    rules: [EST-3]\n", "", "none or several of rules, like, why_not"),
        ("    says: The second entity confirms", "    said: The second entity confirms", "correct this entry"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    (tmp_path / "claims.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=rf"claims\.yaml:\d+:\d+: .*{message}"):
        read(tmp_path / "claims.yaml")
