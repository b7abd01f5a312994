from rekeyspec.tools.messages import PLAIN_KEPT, Message, Stream, read

LINES = """Parsing file A.tla
@!@!@STARTMSG 1000:1 @!@!@
It threw
: @!@!@STARTMSG 5006:0 @!@!@
at line 3
@!@!@ENDMSG 5006 @!@!@
@!@!@ENDMSG 1000 @!@!@

@!@!@STARTMSG 2193:0 @!@!@
Completed.
@!@!@ENDMSG 2193 @!@!@
""".splitlines()


def test_messages_one_inside_another_and_the_plain_lines_between() -> None:
    messages, plain = read(LINES)
    assert messages == [
        Message(1000, 1, "It threw\n:", (Message(5006, 0, "at line 3"),)),
        Message(2193, 0, "Completed."),
    ]
    assert plain == ["Parsing file A.tla"]


def test_an_output_that_was_cut_off_keeps_what_was_said() -> None:
    messages, _ = read(LINES[:4])
    assert messages == [Message(1000, 1, "It threw\n:", (Message(5006, 0, ""),))]


def test_an_end_without_a_start_is_a_line_like_any_other() -> None:
    assert read(LINES[5:6]) == ([], LINES[5:6])


def test_a_message_is_given_when_it_is_complete() -> None:
    stream = Stream()
    given = [stream.feed(line) for line in LINES]
    assert [index for index, message in enumerate(given) if message] == [6, 10]


def test_a_spec_that_prints_without_end_fills_no_memory() -> None:
    stream = Stream()
    for number in range(PLAIN_KEPT * 2):
        stream.feed(f"<<{number}>>")
    assert len(stream.plain) == PLAIN_KEPT
    assert stream.plain[-1] == f"<<{PLAIN_KEPT * 2 - 1}>>"
