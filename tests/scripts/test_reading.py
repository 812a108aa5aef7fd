"""Finding and reading documents; what is wrong is named with its file and its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sdir_async.generation import run
from sdir_async.generation.documents import find_sources, load, reserved_names
from sdir_async.generation.failures import GenerationFailed

from .toys import Json, document, operation

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Checkout


def test_versions_are_ordered_by_number(checkout: Checkout) -> None:
    """Versions are sorted by number, so that `v10` comes after `v9`."""
    for version in ("v10", "v9", "v2"):
        checkout.add(f"boats/{version}.json", document())
    found = find_sources(checkout.place.documents)
    assert [source.version for source in found] == ["v2", "v9", "v10"]


def test_an_overlay_belongs_to_its_version_and_other_files_to_nothing(checkout: Checkout) -> None:
    """An overlay is found with its document; a README and `sources.toml` are not documents."""
    checkout.add("boats/v1.yml", document())
    checkout.add("boats/v1.overlay.yaml", "overlay: 1.0.0")
    checkout.add("boats/README.md", "about boats")
    checkout.add("sources.toml", "")
    (source,) = find_sources(checkout.place.documents)
    assert source.overlay is not None
    assert source.overlay.name == "v1.overlay.yaml"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["sea-going/v1.yaml"], r"sea-going: .* identifier in lower case: 'sea_going' would do"),
        (["class/v1.yaml"], "class: .* 'api_class' would do"),
        (["Boats/v1.yaml"], "'boats' would do"),
        (["aclose/v1.yaml"], "aclose: Sdir has an attribute 'aclose' of its own"),
        (["boats/1.0.yaml"], r"boats/1\.0\.yaml: a document is named v<number>"),
        (["boats/v01.yaml"], r"named v<number>"),
        (["boats/v1.yaml", "boats/v1.json"], r"boats/v1\.yaml: there is v1\.json too"),
        (
            ["boats/v2.yaml", "boats/v1.overlay.yaml"],
            r"v1\.overlay\.yaml: no document v1 was found",
        ),
        (["boats/README.md"], "boats: the folder has no document"),
        (["boats/v1.yaml", "boats/v2.YAML"], r"v2\.YAML: .* such as boats/v1\.yaml"),
        (["boats/v1.yaml", "boats/v2/openapi.yaml"], r"v2/openapi\.yaml: a document is named"),
        (["demo_v2.yaml"], r"demo_v2\.yaml: a document lies in the folder of its API"),
    ],
)
def test_a_name_that_can_not_be_used_is_a_clear_mistake(
    checkout: Checkout, files: list[str], words: str
) -> None:
    """A bad name or place of a file or folder raises an error that says what is wrong."""
    for name in files:
        checkout.add(name, document())
    with pytest.raises(GenerationFailed, match=words):
        find_sources(checkout.place.documents, frozenset({"aclose"}))


def test_all_mistakes_are_named_in_one_run(checkout: Checkout) -> None:
    """In names, and in documents."""
    for name in ("Boats/v1.yaml", "demo_v2.yaml"):
        checkout.add(name, document())
    with pytest.raises(GenerationFailed, match=r"(?s)Boats.*demo_v2"):
        find_sources(checkout.place.documents)


def test_all_documents_with_mistakes_are_named_in_one_run(checkout: Checkout) -> None:
    """One bad document hides no other."""
    for name in ("boats/v1.json", "ships/v1.json"):
        checkout.add(name, {"swagger": "2.0"})
    with pytest.raises(GenerationFailed, match=r"(?s)boats/v1.*ships/v1"):
        checkout.generate()


def test_a_fault_of_ours_names_the_document_and_is_no_traceback(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it was is said in a few words."""

    def fail(*_: object) -> None:
        raise KeyError("gone")

    monkeypatch.setattr(run, "prepare", fail)
    checkout.add("boats/v1.json", document())
    words = r"boats/v1\.json: this is a fault of the generator: KeyError: 'gone' \(test_reading"
    with pytest.raises(GenerationFailed, match=words):
        checkout.generate()


@pytest.mark.parametrize("version", ["3.1.0", "3.2.0"])
def test_a_newer_document_need_not_have_paths(checkout: Checkout, version: str) -> None:
    """It may have webhooks only; methods that it adds are left out and listed."""
    checkout.add("boats/v1.json", {"openapi": version, "info": {}, "webhooks": {"moved": {}}})
    checkout.add(
        "boats/v2.json",
        {**document({"/a": {"query": operation("x"), "get": operation("a")}}), "openapi": "3.2.0"},
    )
    assert checkout.generate() == 0
    assert "| QUERY /a | operation |" in checkout.text("boats/v2/left_out.md")


def test_a_folder_from_which_the_last_document_was_removed_is_no_api(checkout: Checkout) -> None:
    """An empty folder is ignored and is not an error."""
    (checkout.place.documents / "boats").mkdir()
    assert find_sources(checkout.place.documents) == []


def test_reserved_names_are_read_from_the_client_without_importing_it(tmp_path: Path) -> None:
    """Methods of the client are read from its source, without an import; no file reserves none."""
    client = tmp_path / "client.py"
    client.write_text("import nothing_there\nclass Sdir:\n    async def aclose(self): ...\n")
    assert reserved_names(client) == {"aclose"}
    assert reserved_names(tmp_path / "none.py") == frozenset()


@pytest.mark.parametrize(
    ("given", "place", "words"),
    [
        ({"swagger": "2.0"}, "/swagger", "OpenAPI 2.0; convert or export it as OpenAPI 3"),
        ({"paths": {}}, "/openapi", "3.0 to 3.2 are understood"),
        ({"openapi": "4.0.0", "paths": {}}, "/openapi", "4.0.0 here"),
        ({"openapi": "3.0.1"}, "/paths", "missing"),
        ({"openapi": "3.0.1", "paths": []}, "/paths", "an object"),
        ({"openapi": "3.0.1", "paths": {"/a": 1}}, "/paths/~1a", "must be an object"),
        ({"openapi": "3.0.1", "paths": {"/a": {"get": 1}}}, "/paths/~1a/get", "an object"),
    ],
)
def test_what_is_no_openapi_3_is_named_with_its_place(
    checkout: Checkout, given: Json, place: str, words: str
) -> None:
    """A document that is not OpenAPI 3 raises an error that starts with its file and the place."""
    path = checkout.add("boats/v1.json", given)
    (source,) = find_sources(checkout.place.documents)
    with pytest.raises(GenerationFailed, match=words) as caught:
        load(source)
    assert str(caught.value).startswith(f"{path}: {place}: ")


@pytest.mark.parametrize("paths", ["{}", "null", ""])
def test_an_api_without_operations_is_none_the_worse(checkout: Checkout, paths: str) -> None:
    """Empty, null and blank `paths` all load as an empty object."""
    checkout.add("boats/v1.yaml", f"openapi: 3.1.0\ninfo: {{title: t}}\npaths: {paths}\n")
    (source,) = find_sources(checkout.place.documents)
    assert load(source)["paths"] == {}


def test_a_mistake_in_an_overlay_names_the_overlay(checkout: Checkout) -> None:
    """An overlay whose target matches nothing raises an error with the overlay and the place."""
    checkout.add("boats/v1.json", document())
    wrong = {"target": "$.paths['/gone']", "description": "why", "remove": True}
    checkout.add("boats/v1.overlay.yaml", {"overlay": "1.0.0", "actions": [wrong]})
    (source,) = find_sources(checkout.place.documents)
    with pytest.raises(GenerationFailed, match=r"v1\.overlay\.yaml: /actions/0/target: .* nothing"):
        load(source)


def test_a_document_that_a_correction_broke_is_named_with_the_overlay(checkout: Checkout) -> None:
    """An overlay that makes its document invalid raises an error that names both files."""
    checkout.add("boats/v1.json", document())
    wrong = {"target": "$.paths", "description": "why", "update": {"/a": 5}}
    checkout.add("boats/v1.overlay.yaml", {"overlay": "1.0.0", "actions": [wrong]})
    (source,) = find_sources(checkout.place.documents)
    with pytest.raises(GenerationFailed, match=r"v1\.json with v1\.overlay\.yaml: /paths/~1a:"):
        load(source)
