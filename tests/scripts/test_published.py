"""All that Sdir publishes, fetched, generated and used, with no edit by hand.

The server is a local one. It has fourteen slugs, of which five answer 404.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import changes
import fetch
import pytest
from corrections import corrections_of

from sdir_async.generation.documents import find_sources
from sdir_async.sandbox import SandboxThread

from .conftest import ROOT
from .published import KNOWN, MISSING, PLAIN, published
from .server import Handler, serving

if TYPE_CHECKING:
    from .conftest import Checkout

UPLOAD = """
import asyncio, sys
from sdir_async import Sdir

RECORD = {
    "personalIdentityNumber": "41814061033", "completedAt": "2025-03-24T18:32:25+00:00",
    "organizationNumber": "991825827", "courseCode": "HSCLC",
}

async def main():
    async with Sdir(sys.argv[1], base_url=sys.argv[2]) as sdir:
        report = await sdir.course.v1.upload([RECORD] * 700)
        pages = [one async for one in sdir.course.v1.iter_courses(person_id="41814061033")] \\
            if hasattr(sdir.course.v1, "iter_courses") else []
        things = await sdir.assessor.v2.get_things()
        print(report.accepted, report.in_doubt, len(pages), things.id)

asyncio.run(main())
"""


def answer(handler: Handler) -> None:
    """Answer as the site does."""
    slug = handler.path.removeprefix("/api-specs/").removesuffix(".json")
    found = published(slug)
    handler.answer(404 if found is None else 200, found or b"<html>Not found</html>")


def fetch_all(checkout: Checkout, *, replace: bool = True) -> int:
    with serving(answer) as server:
        listed = (ROOT / "openapi" / "sources.toml").read_text()
        here = listed.replace("https://developer.sdir.no", server.url)
        (checkout.place.documents / "sources.toml").write_text(here)
        return fetch.run(checkout.place, replace=replace, seconds=60)


def test_our_list_has_all_fourteen_slugs() -> None:
    """`sources.toml` lists each of the fourteen slugs of the developer site once."""
    listed = (ROOT / "openapi" / "sources.toml").read_text()
    slugs = re.findall(
        r'^url = "https://developer\.sdir\.no/api-specs/(\w+)\.json"', listed, re.MULTILINE
    )
    assert sorted(slugs) == sorted([*KNOWN, *PLAIN, *MISSING])
    assert len(slugs) == 14


def test_everything_published_is_fetched_generated_and_used(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not published is said, and is not a failure; the rest needs no edit by hand."""
    shutil.copytree(ROOT / "openapi", checkout.place.documents, dirs_exist_ok=True)
    checkout.with_core()
    shutil.copytree(ROOT / "sdir_async" / "api", checkout.place.tree)
    before = checkout.root.parent / f"{checkout.root.name}-before"
    shutil.copytree(checkout.root, before)
    capsys.readouterr()

    assert fetch_all(checkout) == 0
    said = capsys.readouterr()
    assert said.out.count("not published (404)") == len(MISSING)
    assert said.err == ""
    assert "assessor/v1: its server's URL says v2, so it goes to assessor/v2: written" in said.out
    assert "personal_certificate/v1: written\na new document\nGET /things" in said.out

    assert checkout.generate() == 0
    found = {f"{each.api}/{each.path.name}" for each in find_sources(checkout.place.documents)}
    assert found >= {"course/v1.json", "assessor/v2.json", "e_certificate/v1.json"}
    assert found & {"course/v1.yaml", "health/v1.json"} == set()

    report = changes.since(checkout.root, before)
    for name in ("additional_competence", "course", "seagoing"):
        lost = [each.what for each in report[f"{name}/v1, the document"] if each.breaking]
        assert lost, "an export names the server of one environment"
        assert all(re.match(r"(server: )?https://", what) for what in lost), lost
    assert "assessor/v2, the document" in report

    with SandboxThread(checkout.place.documents) as sandbox:
        (checkout.root / "upload.py").write_text(UPLOAD)
        printed = checkout.run("upload.py", sandbox.api_key, sandbox.base_url)
        assert len(sandbox.records("/aps-course-external/v1/courses")) == 700
    assert printed.split()[:2] == ["700", "0"]

    capsys.readouterr()
    assert fetch_all(checkout, replace=False) == 0
    assert capsys.readouterr().out.count(": unchanged") == len(KNOWN) + len(PLAIN)


@pytest.mark.parametrize("slug", ["additionalcompetence", "course", "seagoing"])
def test_our_overlays_put_back_what_the_export_lacks(slug: str) -> None:
    """All of it where the export has the operations: nothing is left over."""
    content = published(slug)
    assert content is not None
    overlay, left = corrections_of(KNOWN[slug][0], json.loads(content))
    assert left == []
    assert overlay is not None
    text = json.dumps(overlay)
    for word in ("x-sdir-reconcile", "x-sdir-pages", "maskinporten", "sdir:seafarer."):
        assert word in text


def test_what_the_export_has_no_operation_for_is_said(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as a list that would say whether a batch was saved."""
    content = published("course")
    assert content is not None
    export = json.loads(content)
    del export["paths"]["/courses"]
    with serving(lambda handler: handler.answer(200, json.dumps(export).encode())) as server:
        text = f'["course/v1"]\nurl = "{server.url}/course.json"\n'
        (checkout.place.documents / "sources.toml").write_text(text)
        assert fetch.run(checkout.place, seconds=60) == 0
    said = capsys.readouterr().out
    assert (
        "the export lacks what it takes to say how to ask whether a batch was saved, by"
        " listCourses and its filter personId" in said
    )
    assert checkout.generate() == 0
    assert (
        "sdir:seafarer.course.write"
        in (checkout.place.documents / "course" / "v1.overlay.json").read_text()
    )


def test_an_overlay_that_somebody_wrote_is_kept(checkout: Checkout) -> None:
    """Ours is for exports that nobody has corrected."""
    content = published("course")
    assert content is not None
    checkout.add("course/v1.json", content.decode())
    mine = {
        "overlay": "1.0.0",
        "actions": [{"target": "$.info", "description": "why", "update": {"version": "1"}}],
    }
    path = checkout.add("course/v1.overlay.json", mine)
    before = path.read_text()
    with serving(lambda handler: handler.answer(200, content + b"\n")) as server:
        text = f'["course/v1"]\nurl = "{server.url}/course.json"\n'
        (checkout.place.documents / "sources.toml").write_text(text)
        assert fetch.run(checkout.place, replace=True, seconds=60) == 0
    assert path.read_text() == before
