from pathlib import Path

import pytest

from sdir_async.sandbox.documents import find_folder, load_documents


def test_our_own_documents_are_found() -> None:
    """In the package once it is installed, beside it in a checkout."""
    assert load_documents(find_folder())


@pytest.mark.parametrize("place", ["site/package/openapi", "site/openapi"])
def test_the_folder_lies_inside_the_package_or_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A wheel has it inside; without one there is nothing to serve."""
    module = tmp_path / "site" / "package" / "sandbox" / "documents.py"
    monkeypatch.setattr("sdir_async.sandbox.documents.__file__", str(module))
    with pytest.raises(FileNotFoundError, match="no folder of OpenAPI documents"):
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
    """YAML 1.2: the flag of Norway is no boolean, and a time of the day no number."""
    words = "[NO, off, 12:30, 010, 1_0, true, ~, 0, -7, 1.5, 1e3, '5']"
    (tmp_path / "v1.yaml").write_text(
        f"openapi: 3.0.3\nis: {words}\na: &a {{b: 1}}\nc: {{<<: *a}}\n"
    )
    (document,) = load_documents(tmp_path)
    texts = ["NO", "off", "12:30", "010", "1_0"]
    assert document.spec["is"] == [*texts, True, None, 0, -7, 1.5, 1000.0, "5"]
    assert document.spec["c"] == {"b": 1}


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    """They lie beside documents and are none."""
    (tmp_path / "v1.yaml").write_text("openapi: 3.0.3")
    (tmp_path / "v2.overlay.yaml").write_text(OVERLAY)
    (tmp_path / "settings.yaml").write_text("a: 1")
    (tmp_path / "list.yaml").write_text("- 1")
    (tmp_path / "README.md").write_text("# Documents")
    assert [document.name for document in load_documents(tmp_path)] == ["v1"]


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    """A sandbox that serves nothing helps nobody."""
    with pytest.raises(ValueError, match="no OpenAPI 3 document"):
        load_documents(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """So that its author finds it."""
    (tmp_path / "v1.yaml").write_text("openapi: [")
    with pytest.raises(ValueError, match=r"v1\.yaml can't be read"):
        load_documents(tmp_path)
