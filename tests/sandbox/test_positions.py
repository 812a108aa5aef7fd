import pytest

from sdir_async.sandbox.positions import describe, json_path, locate, path_at_end


@pytest.mark.parametrize(
    ("path", "upto"),
    [
        ((), b"["),
        ((0,), b"[{"),
        ((0, "a"), b'[{"a": "x, ]"'),
        ((1, "b", 1), b'[{"a": "x, ]"}, {"b": [1, 22'),
        ((1, "c"), b'[{"a": "x, ]"}, {"b": [1, 22], "c":{'),
    ],
)
def test_a_value_is_found_where_it_ends_or_opens(path: tuple[int | str, ...], upto: bytes) -> None:
    """.NET reports the position after the token that it could not convert."""
    body = b'[{"a": "x, ]"}, {"b": [1, 22], "c":{}}]'
    assert locate(body, path) == len(upto)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b"", "$"),
        (b"[", "$[0]"),
        (b"[1, 2, ", "$[2]"),
        (b'{"a": {"b": ', "$.a.b"),
        (b'{"a": {"b": 1}, "c', "$.c"),
        (b'[{"a": "unfinished, and ]', "$[0].a"),
        (b'[{"a": 1}, {', "$[1]"),
    ],
)
def test_the_beginning_of_a_text_leads_to_a_path(text: bytes, path: str) -> None:
    """Broken JSON is reported at the place that the reader had come to."""
    assert json_path(path_at_end(text)) == path


def test_lines_and_columns_count_from_zero() -> None:
    """As in the messages of .NET."""
    assert describe(b'[\n  "x"', (0,), 7) == "Path: $[0] | LineNumber: 1 | BytePositionInLine: 5."
