from pathlib import Path

import pytest

from sdir_async.openapi.documents import find_folder, load_documents, parse
from sdir_async.openapi.walk import DocumentError


def test_our_own_documents_are_found() -> None:
    """In the package once it is installed, beside it in a checkout."""
    assert load_documents(find_folder())


@pytest.mark.parametrize("place", ["site/package/openapi/documents", "site/openapi"])
def test_the_folder_lies_inside_the_package_or_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A wheel has it inside; without one there is nothing to serve."""
    module = tmp_path / "site" / "package" / "openapi" / "documents.py"
    monkeypatch.setattr("sdir_async.openapi.documents.__file__", str(module))
    with pytest.raises(FileNotFoundError, match="No folder of OpenAPI documents"):
        find_folder()
    (tmp_path / place).mkdir(parents=True)
    assert find_folder() == tmp_path / place


def test_yaml_and_json_are_read_and_named_by_their_path(tmp_path: Path) -> None:
    """The name says API and version."""
    (tmp_path / "boats").mkdir()
    (tmp_path / "boats" / "v2.json").write_text('{"openapi": "3.0.1"}')
    (tmp_path / "boats" / "v1.yaml").write_text("openapi: 3.0.3")
    assert [document.name for document in load_documents(tmp_path)] == ["boats v1", "boats v2"]


def test_what_yaml_adds_to_json_is_undone(tmp_path: Path) -> None:
    """An unquoted date is a string to an API, and an unquoted status is a key."""
    (tmp_path / "v1.yaml").write_text("openapi: 3.0.3\nday: 2020-05-01\n200: good\n")
    (document,) = load_documents(tmp_path)
    assert document.spec == {"openapi": "3.0.3", "day": "2020-05-01", "200": "good"}


OVERLAY = """
overlay: 1.0.0
actions:
  - target: $.info
    description: The export calls it something else.
    update: {title: Boats}
"""


def test_an_overlay_corrects_its_document(tmp_path: Path) -> None:
    """As in the generated code, so that the sandbox serves what the SDK calls."""
    (tmp_path / "v1.json").write_text('{"openapi": "3.0.1", "info": {"title": "sdfg"}}')
    (tmp_path / "v2.json").write_text('{"openapi": "3.0.1", "info": {"title": "sdfg"}}')
    (tmp_path / "v1.overlay.yaml").write_text(OVERLAY)
    titles = [document.spec["info"]["title"] for document in load_documents(tmp_path)]
    assert titles == ["Boats", "sdfg"]


def test_an_overlay_that_does_not_fit_is_named(tmp_path: Path) -> None:
    """A correction is not lost without a word when its document changes."""
    (tmp_path / "v1.yaml").write_text("openapi: 3.0.3")
    (tmp_path / "v1.overlay.yaml").write_text(OVERLAY)
    with pytest.raises(ValueError, match=r"v1\.overlay\.yaml: /actions/0/target: \$\.info matches"):
        load_documents(tmp_path)


def test_yaml_means_what_it_means_to_the_generator(tmp_path: Path) -> None:
    """YAML 1.2: the flag of Norway is not a boolean, and a time of the day no number."""
    words = "[NO, off, 12:30, 010, 1_0, true, ~, 0, -7, 1.5, 1e3, '5']"
    (tmp_path / "v1.yaml").write_text(
        f"openapi: 3.0.3\nis: {words}\na: &a {{b: 1}}\nc: {{<<: *a}}\n"
    )
    (document,) = load_documents(tmp_path)
    texts = ["NO", "off", "12:30", "010", "1_0"]
    assert document.spec["is"] == [*texts, True, None, 0, -7, 1.5, 1000.0, "5"]
    assert document.spec["c"] == {"b": 1}


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    """They are next to documents, but are not documents."""
    (tmp_path / "v1.yaml").write_text("openapi: 3.0.3")
    (tmp_path / "v2.overlay.yaml").write_text(OVERLAY)
    (tmp_path / "settings.yaml").write_text("a: 1")
    (tmp_path / "list.yaml").write_text("- 1")
    (tmp_path / "README.md").write_text("# Documents")
    assert [document.name for document in load_documents(tmp_path)] == ["v1"]


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    """A sandbox that serves nothing helps nobody."""
    with pytest.raises(ValueError, match="No OpenAPI 3 document"):
        load_documents(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With the line, so that its author finds the mistake."""
    (tmp_path / "v1.yaml").write_text("openapi: [")
    with pytest.raises(ValueError, match=r"v1\.yaml: line 2, column 1: did not find"):
        load_documents(tmp_path)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: [1\nb: 2", "line 2, column 2", "expected"),
        ("a: 1\na: 2", "line 2, column 1", "duplicate key"),
        ("- a", "", "not an object"),
        ("a: .inf", "", "can't be read: Out of range"),
    ],
)
def test_yaml_that_does_not_parse_is_named_with_its_line(text: str, place: str, words: str) -> None:
    """And its column, where the parser knows them."""
    with pytest.raises(DocumentError, match=words) as caught:
        parse(text.encode())
    assert caught.value.place == place


def test_json_that_does_not_parse_is_named_with_its_line() -> None:
    """Neither are the constants that Python's parser would take beyond JSON."""
    with pytest.raises(DocumentError, match="line 2, column 1"):
        parse(b'{"a":\n}', json_only=True)
    with pytest.raises(DocumentError, match="NaN is not JSON"):
        parse(b'{"a": NaN}', json_only=True)


def test_dates_and_numbers_as_keys_are_read_as_json_has_them() -> None:
    """As text: JSON has no others."""
    assert parse(b"200: {example: 2020-01-01}") == {"200": {"example": "2020-01-01"}}


def test_keys_may_be_merged_in_and_replaced() -> None:
    """Which is not the same as a key that stands twice."""
    text = b"x: {b: &b {<<: &c {k: 0, m: 1}, k: 2}}\na: {<<: *b}\n"
    assert parse(text)["a"] == {"k": 2, "m": 1}


def test_a_part_written_once_and_used_twice_is_two_parts() -> None:
    """An anchor of YAML would let one step change both."""
    found = parse(b"a: &x {b: 1}\nc: *x")
    found["a"]["b"] = 2
    assert found["c"] == {"b": 1}


def test_a_key_that_stands_twice_is_a_mistake_in_json_too() -> None:
    """One of the two would be lost without a word."""
    with pytest.raises(DocumentError, match="the key '/a' twice"):
        parse(b'{"paths": {"/a": {}, "/a": {}}}', json_only=True)
