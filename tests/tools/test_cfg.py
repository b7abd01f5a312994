import pytest

from rekeyspec.tools.cfg import assignment, invariants, line_of, properties, with_constants, without_properties

CFG = r"""SPECIFICATION Spec
CONSTANTS
  Max = 4   \* INVARIANT Commented
  Stop <- No
INVARIANTS TypeOK
  Small
(* PROPERTY Never *)
PROPERTY Reaches
PROPERTIES Grows
  Settles
"""


def test_what_a_cfg_checks() -> None:
    assert invariants(CFG) == ["TypeOK", "Small"]
    assert properties(CFG) == ["Reaches", "Grows", "Settles"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("TLC found an error in the configuration file at line 3", 3),
        ("an error in the configuration file at line 99", 11),
        ("The invariant Small specified in the configuration file\nis not defined in the specification.", 6),
        ("The constant parameter Absent is not assigned a value by the configuration file.", 2),
    ],
)
def test_the_line_that_a_message_is_about(said: str, line: int) -> None:
    assert line_of(said, CFG) == line


def test_a_cfg_without_constants_is_wrong_in_its_first_line() -> None:
    assert line_of("The constant parameter Absent is not assigned a value", "INIT Init\n") == 1


def test_a_cfg_without_what_it_judges_keeps_its_lines() -> None:
    text = "INVARIANTS\n  One (* INVARIANT *) Two\\* CONSTANT\nCONSTANTS N = 1\nPROPERTY\n  P\nCONSTRAINT C\n"
    assert [line.strip() for line in without_properties(text).splitlines()] == [
        "", "(* INVARIANT *) \\* CONSTANT", "CONSTANTS N = 1", "", "", "CONSTRAINT C"
    ]  # fmt: skip


def test_constants_are_set_in_their_place() -> None:
    text = '\\* Max = 1\nCONSTANTS\n  Max = 4 \\* or Max = 5\n  Ends = {"a",\n "b"}\n  MaxMax <- Max\nSPECIFICATION S\n'
    assert with_constants(text, ["Max=7", "Ends <- Both"]).splitlines() == [
        "\\* Max = 1", "CONSTANTS", "  Max = 7 \\* or Max = 5", "  Ends <- Both", "", "  MaxMax <- Max",
        "SPECIFICATION S",
    ]  # fmt: skip
    assert with_constants("SPECIFICATION S\n", ["N = {1, 2}"]) == "SPECIFICATION S\nCONSTANT N = {1, 2}\n"


@pytest.mark.parametrize("wrong", ["", "Max", "Max =", "= 5", "Max == 5", "Max = 5 6", "Max = 5\nINVARIANT X"])
def test_what_is_no_assignment(wrong: str) -> None:
    with pytest.raises(ValueError, match="expected an assignment"):
        assignment(wrong)
