"""The chunker keeps the input whole, in order, and within its limits."""

from __future__ import annotations

import datetime
import itertools
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.api.additional_competence import v1, v2
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.encoding import Chunker, Encoder, Unreadable

bodies = st.lists(st.integers(2, 40).map(lambda size: b"{" + b" " * (size - 2) + b"}"), max_size=60)


def chunks_of(items: list[bytes], max_records: int, max_bytes: int) -> list[Chunk]:
    chunker = Chunker(max_records, max_bytes)
    made = [chunker.feed(item, item) for item in items]
    return [chunk for chunk in (*made, chunker.flush()) if chunk is not None]


@given(items=bodies, max_records=st.integers(1, 12), max_bytes=st.integers(1, 120))
def test_chunks_put_together_are_the_input(
    items: list[bytes], max_records: int, max_bytes: int
) -> None:
    """Nothing is lost, doubled or moved, no chunk is empty, and both limits are kept."""
    made = chunks_of(items, max_records, max_bytes)
    assert [body for chunk in made for body in chunk.bodies] == items
    assert [chunk.start for chunk in made] == [
        sum(len(before) for before in made[:at]) for at in range(len(made))
    ]
    for chunk in made:
        body = Piece(chunk, range(len(chunk))).body()
        assert 0 < len(chunk) <= max_records
        assert len(body) == Piece(chunk, range(len(chunk))).size
        assert len(body) <= max_bytes or len(chunk) == 1


@given(items=bodies, max_records=st.integers(1, 12), max_bytes=st.integers(1, 120))
def test_chunks_are_as_full_as_the_limits_allow(
    items: list[bytes], max_records: int, max_bytes: int
) -> None:
    """A chunk ends only where the next record would not have fitted."""
    made = chunks_of(items, max_records, max_bytes)
    for chunk, following in itertools.pairwise(made):
        size = Piece(chunk, range(len(chunk))).size
        assert len(chunk) == max_records or size + len(following.bodies[0]) + 1 > max_bytes


def test_a_record_larger_than_the_limit_goes_alone() -> None:
    """Whether a single record is too large is for the server to say."""
    made = chunks_of([b"{}", b"{" + b" " * 200 + b"}", b"{}"], 10, 50)
    assert [len(chunk) for chunk in made] == [1, 1, 1]


@given(
    planned=st.lists(st.integers(1, 6), max_size=5),
    extra=st.integers(0, 20),
    limit=st.integers(1, 7),
)
def test_planned_lengths_come_first(planned: list[int], extra: int, limit: int) -> None:
    """A resumed upload cuts its input where the earlier run cut it, whatever the limits are now."""
    chunker = Chunker(limit, 10)
    chunker.plan(planned)
    made = [chunker.feed(at, b"{    }") for at in range(sum(planned) + extra)]
    lengths = [len(chunk) for chunk in (*made, chunker.flush()) if chunk is not None]
    assert lengths[: len(planned)] == planned
    assert sum(lengths) == sum(planned) + extra


records_of_any_kind = st.lists(
    st.integers(0, 40).map(lambda size: {"a": "x" * size})
    | st.integers(0, 40).map(lambda size: b'{"b":"' + b"y" * size + b'"}')
    | st.sampled_from([b" {} ", b"[]", b"", {"c": object()}, {"d": {1: 2}}]),
    max_size=40,
)


@given(
    items=records_of_any_kind | st.lists(st.just({"a": 1}), max_size=40),
    max_records=st.integers(1, 12),
    max_bytes=st.integers(1, 200),
    planned=st.lists(st.integers(1, 6), max_size=3),
)
def test_written_at_once_or_one_by_one(
    items: list[object], max_records: int, max_bytes: int, planned: list[int]
) -> None:
    """The chunks are the same, to the byte."""

    def filled(*, at_once: bool) -> list[tuple[int, list[object], bytes, list[bytes], object]]:
        chunker = Chunker(max_records, max_bytes, at_once=at_once)
        chunker.plan(planned)
        left = iter(items)
        made = [*iter(lambda: chunker.fill(left, Encoder(())), None), chunker.flush()]
        assert chunker.read == len(items)
        return [
            (chunk.start, chunk.records, chunk.body, chunk.bodies, chunk.refused)
            for chunk in made
            if chunk is not None
        ]

    assert filled(at_once=True) == filled(at_once=False)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_taking_records_out_keeps_the_others(refused: list[bool]) -> None:
    """A piece without its bad records, and those, are the piece."""
    chunk = Chunk(100, list(range(len(refused))), [b"%d" % at for at in range(len(refused))])
    piece = Piece(chunk, range(len(refused)))
    rest = piece.without({at: () for at, bad in enumerate(refused) if bad})
    assert list(rest.indexes) == list(piece.indexes)
    assert [*rest.records, *(one.record for one in rest.rejections)] == sorted(
        range(len(refused)), key=lambda at: refused[at]
    )


V2 = {
    "personalIdentityNumber": "41814061033",
    "organizationNumber": "991825827",
    "competenceCode": "BS0",
    "completedAt": "2025-03-24T18:32:25+00:00",
}
MOMENT = {**V2, "completedAt": datetime.datetime(2025, 3, 24, 18, 32, 25, tzinfo=datetime.UTC)}
ENCODE = Encoder((v1.AdditionalCompetence, v1.SavedAdditionalCompetence))


@pytest.mark.parametrize("doubtful", [False, True])
def test_what_is_left_is_as_doubtful_as_the_whole_was(doubtful: bool) -> None:
    """What is left of a piece may have been applied if the whole may have been."""
    chunk = Chunk(0, [1, 2, 3], [b"1", b"2", b"3"])
    piece = Piece(chunk, range(3), resent=2, maybe_applied=doubtful)
    rest = piece.without({1: ()})
    assert (rest.maybe_applied, rest.resent) == (doubtful, 0)
    for half in piece.split(1):
        assert (half.maybe_applied, half.resent) == (doubtful, 2)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_mapping_may_hold_models(at_once: bool) -> None:
    """Whoever makes the outside by hand need not make the inside by hand."""
    person = v1.Person(id="41814061033", first_name="Ola", last_name="Nordmann")
    records = iter([{"person": person}, OrderedDict(person=person)])
    chunk = Chunker(2, 9999, at_once=at_once).fill(records, ENCODE)
    assert chunk is not None
    assert [orjson.loads(body) for body in chunk.bodies] == [{"person": person.to_dict()}] * 2


class Line(bytes):
    """Bytes that know where they stood: orjson reads none but plain ones."""


@pytest.mark.parametrize(
    "given_record",
    [
        {"a": 1},
        MappingProxyType({"a": 1}),
        b' {"a":1}\n',
        Line(b'{"a":1}'),
        v1.CompetenceCode("BS0"),
    ],
    ids=["dict", "mapping", "bytes", "line", "model"],
)
def test_what_a_record_can_be(given_record: object) -> None:
    """A mapping and bytes are taken as they are; a model that is not a record of a batch is not."""
    if isinstance(given_record, v1.CompetenceCode):
        with pytest.raises(TypeError, match="CompetenceCode is not a record here"):
            ENCODE(given_record)
    else:
        body = ENCODE(given_record)
        assert (type(body), body) == (bytes, b'{"a":1}')


@pytest.mark.parametrize(
    "given_record",
    [
        *(b"", b"[1]", b"{", b"null"),
        *({"a": object()}, {"a": "\ud800"}, {1: 2}, {"a": 10**30}),
        v1.AdditionalCompetence(*["41814061033"] * 4),  # type: ignore[arg-type]
    ],
    ids=range(9),
)
def test_what_can_not_be_written_as_json(given_record: object) -> None:
    """A record that JSON can't hold is unreadable: it is rejected, and ends no upload."""
    with pytest.raises(Unreadable) as caught:
        ENCODE(given_record)
    assert "41814061033" not in str(caught.value)


@pytest.mark.parametrize("given_record", [None, 1, "{}", [{}], bytearray(b"{}")])
def test_what_is_no_record_at_all(given_record: object) -> None:
    """Anything else is a mistake in the caller's program."""
    with pytest.raises(TypeError, match="is not a record here"):
        ENCODE(given_record)


@pytest.mark.parametrize(
    "given_record",
    [v2.AdditionalCompetence.from_dict(V2), OrderedDict(V2), MappingProxyType(V2), V2, MOMENT],
    ids=["model", "dict of another kind", "mapping", "dict", "dict with a moment"],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_each_kind_of_record_is_written_alike(given_record: object, at_once: bool) -> None:
    """In a list and in a generator, and as it is written alone."""
    encode = Encoder(v2.AdditionalCompetence)
    chunker = Chunker(2, 10_000, at_once=at_once)
    chunk = chunker.fill(iter([given_record, given_record]), encode)
    assert chunk is not None
    assert chunk.records == [given_record] * 2
    assert orjson.loads(chunk.body) == [V2, V2]
    assert chunk.bodies == [encode(given_record)] * 2


@pytest.mark.parametrize("at_once", [False, True])
def test_what_can_not_be_written_keeps_its_place_and_says_why(at_once: bool) -> None:
    """The others are sent."""
    chunker = Chunker(4, 10_000, at_once=at_once)
    chunk = chunker.fill(iter([{}, b"[1]", {"a": object()}, b" {} "]), ENCODE)
    assert chunk is not None
    assert chunk.bodies == [b"{}", b"", b"", b"{}"]
    assert {at: str(reason) for at, (reason,) in chunk.refused.items()} == {
        1: "The record is not a JSON object.",
        2: "It can't be written as JSON: values of type object are not supported.",
    }


@pytest.mark.parametrize("given_record", [b'{"a":1}', {"a": 1}], ids=["bytes", "mapping"])
@pytest.mark.parametrize(("max_bytes", "lengths"), [(25, [3, 3]), (24, [2, 2, 2])])
@pytest.mark.parametrize("at_once", [False, True])
def test_the_limit_is_met_to_the_byte(
    given_record: object, max_bytes: int, lengths: list[int], at_once: bool
) -> None:
    """Three records of 7 bytes, two commas and two brackets are 25."""
    chunker = Chunker(6, max_bytes, at_once=at_once)
    left = iter([given_record] * 6)
    made = [*iter(lambda: chunker.fill(left, ENCODE), None), chunker.flush()]
    assert [len(chunk) for chunk in made if chunk is not None] == lengths


@pytest.mark.parametrize(
    ("given_records", "body"),
    [
        ([{"a": 1}, {"b": 2}], b'[{"a":1},{"b":2}]'),
        ([b'{"a": 1}', b"{}"], b'[{"a": 1},{}]'),
        ([b"{}", b" {}"], None),
        ([b"{}", b"{} "], None),
        ([b"{}", b""], None),
        ([b"{}", {}], None),
        ([{}, {"a": {1}}], None),
        ([{}, 5], None),
    ],
    ids=str,
)
def test_what_can_be_written_at_once(given_records: list[Any], body: bytes | None) -> None:
    """Bytes as they are; whatever needs a closer look is looked at one by one."""
    assert ENCODE.array(given_records) == body


def test_a_record_of_another_version() -> None:
    """A model of version 2 is not sent to version 1."""
    with pytest.raises(TypeError, match=r"v2\..*AdditionalCompetence is not a record here"):
        ENCODE(v2.AdditionalCompetence.from_dict(V2))
