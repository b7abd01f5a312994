import pytest

from rekeyspec.tools.cfg import invariants, line_of, properties

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
