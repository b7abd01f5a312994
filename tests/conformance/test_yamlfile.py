from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import CAP, DEEPEST, choose, parse, read


def refused(source: str | bytes) -> str:
    with pytest.raises(BadInput) as caught:
        parse(source, "F")
    return str(caught.value)


@pytest.mark.parametrize(
    "word",
    ["on", "off", "yes", "no", "y", "True", "null", "~", "010", "0x10", "1_000", "1.5", "1e3", "2020-01-01", "1:30"],
)
def test_words_stay_words(word: str) -> None:
    assert parse(f"a: {word}", "F").data == {"a": word}


def test_only_plain_true_false_and_decimals_are_more_than_words() -> None:
    document = parse("a: true\nb: false\nc: 12\nd: -3\ne: 'true'\nf: \"12\"\ng: |\n  12\nh:\n", "F")
    expected = {"a": True, "b": False, "c": 12, "d": -3, "e": "true", "f": "12", "g": "12\n", "h": ""}
    assert document.data == expected
    assert [type(value) for value in document.data.values()] == [type(value) for value in expected.values()]


def test_both_parsers_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [1, on, true, '1', {b: 010}]\nc:\n  - d: x\n    e:\n"
    fast = parse(text, "F")
    monkeypatch.setattr("rekeyspec.conformance.yamlfile._LOADER", yaml.SafeLoader)
    assert parse(text, "F") == fast


def test_everything_has_a_place() -> None:
    document = parse("a: 1\nb:\n  - x\n  - key: value\n", "F")
    assert document.at(("b", 1, "key")) == "F:4:10"
    assert document.at_key(("b", 1, "key")) == "F:4:5"
    assert document.at(("b", 0)) == document.at_key(("b", 0)) == "F:3:5"
    assert document.at() == "F:1:1"


def test_what_is_missing_is_placed_where_it_should_have_been() -> None:
    document = parse("a: 1\nb:\n  - x: 1\n", "F")
    assert document.at(("b", 0, "y")) == document.at_key(("b", 0, "y")) == document.at(("b", 0)) == "F:3:5"
    assert document.at(("nothing", "of", 3)) == "F:1:1"


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("", "F:1:1", "an empty file"),
        ("# only a comment\n", "F:1:1", "an empty file"),
        ("- a\n", "F:1:1", "a list at the top"),
        ("---\n", "F:2:1", "a word at the top"),
        ("12", "F:1:1", "the number at the top"),
        ("a: !!python/object/apply:os.system [ls]", "F:1:4", "the tag"),
        ("a: ! b", "F:1:4", "the tag '!'"),
        ("!!map\na: 1", "F:1:1", "the tag"),
        ("a: &x 1", "F:1:4", "the anchor '&x'"),
        ("&x a: 1", "F:1:1", "the anchor '&x'"),
        ("a: [1, *x]", "F:1:8", "the alias '*x'"),
        ("*x : 1", "F:1:1", "the alias '*x'"),
        ("a: 1\nb: 2\na: 3", "F:3:1", "the key 'a' again, expected it once (first at 1:1)"),
        ("1: 2", "F:1:1", "the number '1' as a key"),
        ("true: 2", "F:1:1", "the boolean 'true' as a key"),
        ("[a]: 2", "F:1:1", "a list or mapping as a key"),
        ("? {a: b}\n: c", "F:1:3", "a list or mapping as a key"),
        ("a: 1\n---\nb: 1", "F:2:1", "a second document"),
        ("a: [1", "F:2:1", "what is not YAML"),
        ("a: 'x", "F:1:4", "what is not YAML"),
        ("a: 1\n\tb: 1", "F:2:1", "what is not YAML"),
        ("%YAML 3.0\n---\na: 1", "F:1:1", "what is not YAML"),
        ("a: x\x07", "F:1:5", "the character U+0007"),
        ("ä: 1\nb\0: 1", "F:2:2", "the character U+0000"),
        ("a: 1\nb: \ufeff", "F:2:4", "the character U+FEFF"),
        ("a: \ud800", "F:1:4", "the byte 0xed, expected UTF-8"),
        (b"a: 1\nb: \xff", "F:2:4", "the byte 0xff, expected UTF-8"),
        (b"\xff\xfea\0:\0 \x001\0", "F:1:1", "the byte 0xff, expected UTF-8"),
        ("a: " + "9" * 5000, "F:1:4", "an integer of 5000 characters"),
    ],
)
def test_refused_with_place_and_words(source: str | bytes, place: str, words: str) -> None:
    message = refused(source)
    assert message.startswith(f"{place}: ") or words == "what is not YAML", message
    assert message.startswith("F:")
    assert words in message
    assert ", expected " in message
    assert "; " in message


@pytest.mark.parametrize(
    "shape", ["a: " + "[" * 100, "a: " + "{b: " * 100, "a:\n" + "".join(" " * n + "b:\n" for n in range(1, 100))]
)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_a_hundred_levels_are_one_message(shape: str, loader: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rekeyspec.conformance.yamlfile._LOADER", loader)
    assert f"level {DEEPEST + 1} of nesting, expected at most {DEEPEST} levels" in refused(shape)


def test_the_deepest_allowed_is_allowed() -> None:
    lists = DEEPEST - 1
    value = parse("a: " + "[" * lists + "]" * lists, "F").data["a"]
    for _ in range(lists - 1):
        assert isinstance(value, list)
        (value,) = value
    assert value == []
    assert "nesting" in refused("a: " + "[" * (lists + 1) + "]" * (lists + 1))


def test_a_large_file_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    monkeypatch.setattr(Path, "open", lambda *args: pytest.fail("it was opened"))
    with pytest.raises(BadInput, match=f"{path}: read a file of 50000000 bytes, expected at most {CAP} bytes"):
        read(path)


def test_the_cap_is_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("a: 1\n")
    assert read(path, cap=5).data == {"a": 1}
    with pytest.raises(BadInput, match="5 bytes, expected at most 4 bytes"):
        read(path, cap=4)


def test_what_is_no_file(tmp_path: Path) -> None:
    cases: list[tuple[str | Path, str]] = [
        (tmp_path, "a directory"),
        (tmp_path / "missing.yaml", "No such file"),
        ("/dev/null", "no regular file"),
        ("a\0b", "embedded null"),
        ("x" * 5000, "File name too long"),
    ]
    for path, words in cases:
        with pytest.raises(BadInput, match=words):
            read(path)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "a.yaml"
    path.write_text("a: 1")
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(BadInput, match="Permission denied"):
        read(path)


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert parse(b"\xef\xbb\xbfa: 1", "F").data == {"a": 1}


def test_the_nearest_word_is_offered() -> None:
    assert choose("combind", ["timed", "combined"]) == ("one of timed, combined", "did you mean combined?")
    assert choose("zzz", ["timed"]) == ("one of timed", "choose one of them")


@given(st.one_of(st.binary(max_size=200), st.text(alphabet="ab:-[]{}&*!?'\"|>#%@,\n\t 01", max_size=60)))
@example("? a")
@example("a: - b")
def test_anything_is_data_or_one_message(source: bytes | str) -> None:
    message = ""
    try:
        assert isinstance(parse(source, "F").data, dict)
    except BadInput as refusal:
        message = str(refusal)
    assert not message or (message.startswith("F:") and "\n" not in message)


WORDS = st.text(alphabet="abcxyz-_ ", max_size=8)
VALUES = st.recursive(
    st.one_of(WORDS, st.integers(-(10**18), 10**18), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, VALUES, max_size=4))
def test_what_is_written_is_read(data: dict[str, object]) -> None:
    assert parse(yaml.safe_dump(data), "F").data == data
