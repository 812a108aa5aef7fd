"""Rules that the table of answers does not show: what chunks and runs mean to each other."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from sdir_async import Reason
from sdir_async.problems import reasons_of
from sdir_async.upload import flow
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.journal.history import Past
from sdir_async.upload.receipts import Receipt, Uids
from sdir_async.upload.saved import Saved
from sdir_async.upload.steps import Ask, Finished, Terms, Until
from sdir_async.wire import Lost

from .by_hand import (
    LOST,
    PROBLEM,
    START,
    answer,
    check_of,
    chunk_of,
    driven,
    exchange_of,
    refusal,
    terms_of,
)

BAD = answer(400)
BROKEN_OFF = Lost("part", "WriteError")


def named() -> Piece:
    """Return a record that the user names as a witness."""
    return Piece(Chunk(-1, [{"a": "named"}], [b'{"a": "named"}']), range(1))


# What is sent alone


def test_with_a_journal_a_chunk_is_sent_alone_until_something_is_saved() -> None:
    """Should the process die, the chunks that were not sent can be witnesses."""
    terms = terms_of(careful=True, saved=Saved(repr))
    lines = driven(flow.settle(chunk_of(5), None, terms), terms, refusal(0, 1))
    assert lines == ["turn", "send 10-14", "send 12-14", "12-14 accepted, 10-11 rejected"]
    assert driven(flow.settle(chunk_of(2), None, terms), terms) == ["send 10-11", "10-11 accepted"]


def test_what_was_lost_makes_way_for_the_next_chunk() -> None:
    """The next one is sent alone too, and then tells what became of the first."""
    terms = terms_of(careful=True, saved=Saved(repr))
    lost = driven(flow.settle(chunk_of(1), None, terms), terms, LOST)
    assert lost == [
        "turn",
        "send 10",
        "end turn",
        "ask 10",
        "wait 30",
        "ask 10",
        "until",
        "10 in_doubt",
    ]
    assert driven(flow.settle(chunk_of(1), None, terms), terms) == [
        "turn",
        "send 10",
        "10 accepted",
    ]


def test_what_is_known_to_be_saved_makes_care_unnecessary() -> None:
    """A named record, one of an earlier run, and an upload that does not ask a list."""
    past = Past(accepted=[0], rest=[1])
    for terms, given in (
        (terms_of(careful=True, saved=Saved(repr), sample=named()), None),
        (terms_of(careful=True, saved=Saved(repr)), past),
        (terms_of(careful=True), None),
        (terms_of(careful=False, saved=Saved(repr)), None),
    ):
        assert "turn" not in driven(flow.settle(chunk_of(2), given, terms), terms)


# The search for bad records


def test_the_second_record_that_is_named_alone_begins_a_search() -> None:
    """One chunk at a time searches, and what the check found before sending is not counted."""
    terms = terms_of(check=check_of([0]))
    lines = driven(flow.settle(chunk_of(5), None, terms), terms, refusal(0), refusal(0))
    assert lines == [
        *["send 11-14", "send 12-14", "turn", "send 13-14"],
        "13-14 accepted, 10-12 rejected",
    ]


def test_an_answer_that_names_several_records_begins_no_search() -> None:
    """It names all that is bad, so other chunks need not wait."""
    terms = terms_of()
    lines = driven(flow.settle(chunk_of(5), None, terms), terms, refusal(0), refusal(0, 1))
    assert lines == ["send 10-14", "send 11-14", "send 13-14", "13-14 accepted, 10-12 rejected"]


def test_a_rejection_does_not_repeat_what_was_sent() -> None:
    """An answer may quote a name, and a report is kept and shown."""
    record = b'{"name":"Kari Holm"}'
    steps = flow.settle(Chunk(START, [record], [record]), None, terms_of())
    steps.send(None)
    quoting = answer(400, {"errors": {"[0].name": ["Kari Holm is not known"]}})
    end = steps.send(evolve(exchange_of("create", quoting), sent=(record,)))
    assert isinstance(end, Finished)
    (rejection,) = end.piece.rejections
    (reason,) = rejection.reasons
    assert reason.field == "name"
    assert "is not known" in reason.message
    assert "Holm" not in reason.message


def test_answers_that_name_bad_records_do_not_mean_that_everything_is_refused() -> None:
    """However many there are, the others are sent in the order of the input."""
    terms = terms_of(read=100)
    lines = driven(flow.settle(chunk_of(20), None, terms), terms, *[refusal(0, 1)] * 7)
    assert lines == [
        *[f"send {at}-29" for at in range(10, 25, 2)],
        "24-29 accepted, 10-23 rejected",
    ]


def test_a_right_that_is_withdrawn_is_noticed_after_other_chunks_were_accepted() -> None:
    """A chunk without a saved record is still given up early, after twice as many refusals."""
    counts = []
    for accepted in (False, True):
        terms = terms_of(read=100)
        if accepted:
            terms.uniform.accepted()
        lines = driven(flow.settle(chunk_of(100), None, terms), terms, *[BAD] * 99)
        assert "stop error InvalidRequest" in lines
        assert ("turn" in lines) is not accepted
        counts.append(sum(one.startswith("send") for one in lines))
    assert counts == [13, 24]


def suspicious(singles: int) -> Terms:
    """Return the terms of an upload that was refused so often that it tries single records."""
    terms = terms_of(read=100)
    reasons = reasons_of(BAD, exchange_of("create", BAD).sent)
    for records in [2] * 6 + [1] * singles:
        terms.uniform.refused(reasons, records, terms.read)
    return terms


def test_where_everything_seems_to_be_refused_a_single_record_is_tried_first() -> None:
    """It tells more, for one request, than the half that would be next."""
    terms = suspicious(singles=0)
    lines = driven(flow.settle(chunk_of(4), None, terms), terms, BAD)
    assert lines[:4] == ["send 10-13", "turn", "send 10", "10 accepted"]


def test_a_single_record_that_waits_is_tried_before_another_is_taken_out() -> None:
    """It is what the search wants to try."""
    terms = suspicious(singles=5)
    lines = driven(flow.settle(chunk_of(2), None, terms), terms, BAD, BAD)
    assert lines == [
        *["send 10-11", "turn", "send 10"],
        *["stop error InvalidRequest", "10 rejected", "11 unsent"],
    ]


def test_where_everything_seems_to_be_refused_the_last_record_of_a_chunk_is_rejected() -> None:
    """Nothing of its chunk is left to take a single record from."""
    terms = suspicious(singles=0)
    lines = driven(flow.settle(chunk_of(1), None, terms), terms, BAD)
    assert lines == ["send 10", "turn", "10 rejected"]


# Size


def test_a_body_no_larger_than_one_that_was_taken_teaches_no_limit() -> None:
    """It is halved, whatever it was refused for, and larger ones are still sent."""
    terms = terms_of()
    driven(flow.settle(chunk_of(4), None, terms), terms)
    lines = driven(flow.settle(chunk_of(4), None, terms), terms, answer(413))
    assert lines == ["send 10-13", "send 10-11", "10-11 accepted", "send 12-13", "12-13 accepted"]
    assert terms.limit(1_000_000) == 1_000_000


# The turn


def test_a_search_lets_others_have_the_turn_while_it_asks() -> None:
    """A question may take as long as a backend that works late."""
    terms = terms_of()
    lines = driven(flow.settle(chunk_of(4), None, terms), terms, BAD, LOST, asked=[True])
    assert lines == [
        *["send 10-13", "turn", "send 10-11", "end turn", "ask 10-11", "10-11 accepted"],
        *["send 12-13", "12-13 accepted"],
    ]


def test_a_search_lets_others_have_the_turn_while_it_waits_to_send_again() -> None:
    """A wait before the next attempt costs the other chunks nothing."""
    terms = terms_of("update")
    steps = flow.settle(chunk_of(2), None, terms)
    lines = driven(steps, terms, BAD, BROKEN_OFF)
    assert lines == [
        *["send 10-11", "turn", "send 10", "end turn", "wait 0", "send 10", "10 accepted"],
        *["send 11", "11 accepted"],
    ]


# An earlier run


def test_what_an_earlier_run_rejected_is_told_in_the_order_of_the_input() -> None:
    """A journal has it in the order in which Sdir refused it."""
    past = Past(rejected={at: (Reason("is bad"),) for at in (2, 0, 1)})
    (end,) = flow.settle(chunk_of(3), past, terms_of()).rest()
    assert [one.index for one in end.piece.rejections] == [10, 11, 12]


def test_what_sdir_gave_for_records_in_an_earlier_run_is_told_again() -> None:
    """A receipt names its records by their place in the input."""
    receipt = Receipt(range(1, 3), 1717156800.0, Uids(["one", "two"]))
    past = Past([1, 2], {}, [], [0], (receipt,))
    known, _ = flow.settle(chunk_of(3), past, terms_of()).rest()
    (told,) = known.receipts
    assert (told.indexes, told.time, told.uids) == (range(11, 13), receipt.time, receipt.uids)


def test_an_upload_that_is_to_stop_begins_nothing_of_a_chunk_with_a_bad_record() -> None:
    """Neither does it ask for what an earlier run sent of it."""
    terms = terms_of(isolate=False, check=check_of([1]))
    steps = flow.settle(chunk_of(3), Past(unknown=[[0]], rest=[1, 2]), terms)
    assert driven(steps, terms) == ["stop rejected", "10 in_doubt", "12 unsent, 11 rejected"]


def test_what_an_earlier_run_rejected_does_not_stop_a_later_one() -> None:
    """With on_rejected="stop" the same upload continues after the record that stopped it."""
    terms = terms_of(isolate=False)
    steps = flow.settle(chunk_of(3), Past([0], {1: (Reason("is bad"),)}, [], [2]), terms)
    lines = driven(steps, terms)
    assert lines == ["10 accepted, 11 rejected known", "send 12", "12 accepted"]


def test_a_doubt_from_an_earlier_run_does_not_stop_an_upload_that_loses_requests() -> None:
    """It was not lost now, so it says nothing about the server."""
    terms = terms_of(losses=9)
    steps = flow.settle(chunk_of(1), Past(unknown=[[0]]), terms)
    assert driven(steps, terms, asked=[None]) == ["ask 10", "10 in_doubt"]


# Questions


def test_what_the_api_itself_failed_to_save_is_unsent_where_no_time_is_left_to_ask() -> None:
    """Its 500 says that the batch is not saved. Nothing is sent again without the question."""
    terms = terms_of(saved=Saved(repr), earlier=99)
    lines = driven(flow.settle(chunk_of(4), None, terms), terms, answer(413), PROBLEM)
    assert lines == [
        *["send 10-13", "send 10-11", "until", "10-11 unsent late"],
        *["send 12-13", "12-13 accepted"],
    ]


def test_a_function_of_the_users_is_asked_before_everything_is_read_again() -> None:
    """Equal records further on mislead a list; the word of the user's function counts."""
    terms = terms_of(read=1, earlier=9)
    steps = flow.settle(chunk_of(1), Past(unknown=[[0]]), terms)
    assert driven(steps, terms, asked=[True]) == ["ask 10", "10 accepted"]


def test_what_a_function_of_the_users_does_not_know_is_in_doubt_at_once() -> None:
    """It needs no witness, so it does not wait for the rest of the chunk."""
    terms = terms_of()
    steps = flow.settle(chunk_of(2), Past(unknown=[[0]], rest=[1]), terms)
    lines = driven(steps, terms, asked=[None])
    assert lines == ["ask 10", "10 in_doubt", "send 11", "11 accepted"]


def test_what_the_list_shows_is_accepted_without_a_witness() -> None:
    """Only absence needs one: nothing waits for it, and no witness is asked for."""
    for sample in (None, named()):
        terms = terms_of(saved=Saved(repr), sample=sample)
        steps = flow.settle(chunk_of(2), Past(unknown=[[0]], rest=[1]), terms)
        lines = driven(steps, terms, asked=[True])
        assert lines == ["ask 10", "10 accepted", "send 11", "11 accepted"]


def test_nothing_waits_for_another_witness_where_one_is_known() -> None:
    """It is asked for at once, though others of the chunk are still to be sent."""
    terms = terms_of(saved=Saved(repr), sample=named())
    steps = flow.settle(chunk_of(2), Past(unknown=[[0]], rest=[1]), terms)
    lines = driven(steps, terms, asked=[False, False, True])
    assert lines == [
        *["ask 10", "wait 30", "ask 10", "until", "ask -1", "send 10", "10 accepted"],
        *["send 11", "11 accepted"],
    ]


def test_nothing_waits_for_the_rest_of_its_chunk_in_an_upload_that_stops() -> None:
    """The rest is not sent any more, so it brings no witness."""
    terms = terms_of(saved=Saved(repr))

    def asked() -> Iterator[bool]:
        terms.stopping = True
        yield from (False, False)

    steps = flow.settle(chunk_of(2), Past(unknown=[[0]], rest=[1]), terms)
    lines = driven(steps, terms, asked=asked())
    assert lines == ["ask 10", "wait 30", "ask 10", "until", "10 in_doubt", "11 unsent"]


def test_a_piece_that_is_still_to_be_sent_does_not_vouch_against_its_equal() -> None:
    """It can't be the one that the list shows: no equal is known to be saved, and none may be."""
    terms, chunk = terms_of(saved=Saved(repr)), chunk_of(1)
    chunk = Chunk(START, chunk.records * 2, chunk.bodies * 2)
    asked = flow.settle(chunk, Past(unknown=[[0]], rest=[1]), terms).send(None)
    assert isinstance(asked, Ask)
    assert asked.others is not None
    assert asked.others.elsewhere(asked.piece, asked.unknown)(0) == 0


def test_pieces_of_unknown_fate_do_not_wait_for_each_other() -> None:
    """None of them is sent before it is proved absent, so none brings a witness."""
    terms = terms_of(saved=Saved(repr))
    steps = flow.settle(chunk_of(2), Past(unknown=[[0], [1]]), terms)
    assert driven(steps, terms) == [
        *["ask 10", "wait 30", "ask 10", "until", "10 in_doubt"],
        *["ask 11", "wait 30", "ask 11", "until", "11 in_doubt"],
    ]


def test_a_list_that_has_shown_a_witness_is_believed_though_that_one_is_given_up() -> None:
    """Two chunks may ask for the same witness: it is shown to one, and the other can't tell."""
    terms = terms_of(saved=Saved(repr), shown=True)
    steps = flow.settle(chunk_of(2), Past(unknown=[[0]], rest=[1]), terms)
    assert driven(steps, terms) == [
        *["ask 10", "wait 30", "ask 10", "send 10", "10 accepted", "send 11", "11 accepted"],
    ]


def test_a_witness_that_was_shown_to_another_chunk_meanwhile_counts() -> None:
    """The list has shown what is saved, whatever it says to this chunk."""
    terms = terms_of(saved=Saved(repr), sample=named())

    def asked() -> Iterator[bool]:
        yield from (False, False, False)
        terms.shown = True
        yield False

    lines = driven(flow.settle(chunk_of(1), None, terms), terms, LOST, asked=asked())
    assert lines[5:] == ["ask -1", "wait 30", "ask -1", "wait 0", "send 10", "10 accepted"]
    assert terms.shown is True


def test_a_witness_that_another_chunk_found_meanwhile_is_kept() -> None:
    """What the list can't tell of the one that was asked for says nothing about the new one."""
    terms, other = terms_of(saved=Saved(repr), sample=named()), named()

    def asked() -> Iterator[bool | None]:
        yield from (False, False)
        terms.sample = other
        yield None

    lines = driven(flow.settle(chunk_of(1), None, terms), terms, LOST, asked=asked())
    assert lines[5:] == ["ask -1", "10 in_doubt"]
    assert (terms.sample, terms.shown) == (other, None)


def test_a_witness_that_another_chunk_gave_up_meanwhile_is_not_asked_for() -> None:
    """Without one, the chunk is in doubt."""
    terms = terms_of(saved=Saved(repr), sample=named())
    steps = flow.settle(chunk_of(1), None, terms)
    step = steps.send(None)
    step = steps.send(exchange_of("create", LOST))
    while not isinstance(step, Until):
        step = steps.send(not isinstance(step, Ask))
    terms.sample = None
    end = steps.send(True)
    assert isinstance(end, Finished)
    assert (end.state, end.doubt) == ("in_doubt", "no witness")
