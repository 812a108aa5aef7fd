"""Finds out whether a batch was saved: asks the list, or the user's own function."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..call import Call
from ..loops import by
from ..verdicts import Action
from ..wire import Answer
from .reconcile import Asking, items_of
from .saved import Saved

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..document import Listing
    from ..verdicts import Exchange
    from .plan import Plan
    from .reconcile import Query
    from .steps import Ask

    Exchanging = Callable[[Call], Awaitable[Exchange]]


def saved_of(plan: Plan) -> Saved | None:
    """Return what remembers the saved records, if the list may be asked about others."""
    listing, creates = plan.batch.listing, plan.batch.operation.effect == "create"
    if not creates or plan.reconcile != "list" or listing is None:
        return None
    saved = Saved(Asking(listing).key)
    if plan.witness is not None:
        saved.add(plan.witness)
    return saved


async def was_applied(
    step: Ask, plan: Plan, exchange: Exchanging, deadline: float | None
) -> bool | None:
    """Find out whether a piece was saved: `None` if that can't be known."""
    if callable(plan.reconcile):
        known = await by(deadline, plan.reconcile(step.piece.records), late=None)
        return None if known is None else bool(known)
    listing = plan.batch.listing
    if plan.reconcile != "list" or listing is None:
        return None
    elsewhere = await _elsewhere(step)
    questions = Asking(listing).was_applied(step.piece.bodies, step.saved, elsewhere, step.before)
    items: list[Any] | None = None
    while True:
        try:
            query = questions.send(items)
        except StopIteration as found:
            answer: bool | None = found.value
            return answer
        items = await _list(listing, plan, query, exchange)


async def _elsewhere(step: Ask) -> Callable[[int], int | None]:
    if step.others is None:
        return lambda _: 0
    for _ in step.others.catch_up():
        await asyncio.sleep(0)
    return step.others.elsewhere(step.piece, step.unknown)


async def _list(
    listing: Listing, plan: Plan, query: Query, exchange: Exchanging
) -> list[Any] | None:
    url = plan.url_of(listing.operation)
    ended = await exchange(Call(listing.operation, plan.document, url, query))
    answer = ended.happened
    if ended.verdict.action is not Action.ACCEPT or not isinstance(answer, Answer):
        return None
    return items_of(answer.body)
