from pathlib import Path

import pytest

from rekeyspec.tools.places import Place, fault, place

INNER = Place("B", 7, 3, 7, 8)
PARSING = ["Parsing file /specs/A.tla", "Parsing file /specs/B.tla"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("line 5, col 8 to line 6, col 22 of module Faults", Place("Faults", 5, 8, 6, 22)),
        ("0. Line 1, column 9 to line 2, column 3 in A\n1. Line 7, column 3 to line 7, column 8 in B", INNER),
        ("somewhere", None),
    ],
)  # fmt: skip
def test_a_place_is_the_innermost_that_is_named(text: str, expected: Place | None) -> None:
    assert place(text) == expected


@pytest.mark.parametrize(
    ("said", "line", "column", "text"),
    [
        (["***Parse Error***", "Expecting X", 'Encountered "Y" at line 4, column 1', "Residual stack"], 4, 1, "X"),
        (['Lexical error at line 3, column 17.  Encountered: "é"', "Fatal errors while parsing"], 3, 17, "Lexical"),
        (["Lexical {error: EOF reached, possibly open comment starting around line 3"], 3, 0, "open comment"),
        (["Fatal errors while parsing TLA+ spec in file B", "java.lang.NullPointerException"], 0, 0, "no module found"),
    ],
)  # fmt: skip
def test_what_sany_will_not_take(said: list[str], line: int, column: int, text: str) -> None:
    found = fault([*PARSING, *said])
    assert (found.file, found.place.line, found.place.column) == (Path("/specs/B.tla"), line, column)
    assert text in found.text
