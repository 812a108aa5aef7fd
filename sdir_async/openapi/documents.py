"""Finds and reads OpenAPI documents."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml
from attrs import frozen

from .bounds import require_bounded, require_shallow
from .overlays import apply_overlay
from .walk import DocumentError

SUFFIXES: Final = (".yaml", ".yml", ".json")
_PLAIN: Final = {
    "bool": ("true|True|TRUE|false|False|FALSE", "tTfF"),
    "null": ("~|null|Null|NULL|", ["~", "n", "N", ""]),
    "int": ("[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "merge": ("<<", "<"),
}
"""What YAML 1.2 reads as something else than text; to 1.1, `NO` is false and `12:30` is 750."""


@frozen
class Document:
    """An OpenAPI document.

    Attributes:
        name: Its path inside the folder, as words: the API and the version.
        spec: What it says, as plain JSON values.
    """

    name: str
    spec: dict[str, Any]


def find_folder() -> Path:
    """Return the folder of our own documents: inside an installed package, beside it in a checkout.

    Raises:
        FileNotFoundError: Neither exists.
    """
    here = Path(__file__).parent
    for folder in (here / "documents", here.parents[1] / "openapi"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"No folder of OpenAPI documents was found in {here} or beside {here.parent}."
    )


def load_documents(folder: Path) -> list[Document]:
    """Read every OpenAPI 3 document in a folder and the folders below it.

    The overlay of `v1.yaml`, if there is one, is `v1.overlay.yaml` beside it. Files that are not an
    OpenAPI 3 document are skipped.

    Raises:
        ValueError: The folder has none, one can't be read, or an overlay doesn't fit its document.
    """
    files = sorted(path for path in folder.rglob("*") if _may_be_document(path))
    read = [(path, _read(path)) for path in files]
    documents = [
        Document(_name(path.relative_to(folder)), _corrected(path, spec))
        for path, spec in read
        if isinstance(spec, dict) and "openapi" in spec
    ]
    if not documents:
        raise ValueError(f"No OpenAPI 3 document found in {folder}.")
    return documents


def _may_be_document(path: Path) -> bool:
    return path.suffix in SUFFIXES and not path.stem.endswith(".overlay")


def _name(path: Path) -> str:
    return " ".join(path.with_suffix("").parts)


def _read(path: Path) -> Any:
    try:
        return parse_any(path.read_bytes(), json_only=path.suffix == ".json")
    except DocumentError as error:
        raise ValueError(f"{path}: {error}") from error


def _corrected(path: Path, spec: dict[str, Any]) -> dict[str, Any]:
    for overlay in sorted(path.parent.glob(f"{path.stem}.overlay.*")):
        try:
            apply_overlay(spec, parse(overlay.read_bytes(), json_only=overlay.suffix == ".json"))
        except DocumentError as error:
            raise ValueError(f"{overlay}: {error}") from error
    return spec


def parse(content: bytes, *, json_only: bool = False) -> dict[str, Any]:
    """Read the object in a text of JSON or YAML, as plain JSON values.

    Raises:
        DocumentError: It does not parse, an object has a key twice, or it is not an object.
    """
    value = parse_any(content, json_only=json_only)
    if not isinstance(value, dict):
        raise DocumentError("", "not an OpenAPI document: it is not an object")
    return value


def parse_any(content: bytes, *, json_only: bool = False) -> Any:
    """Read any value in a text of JSON or YAML, as plain JSON values.

    Raises:
        DocumentError: It does not parse, or an object has a key twice.
    """
    try:
        text = content.decode("utf-8-sig")
        if json_only:
            value = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
            require_shallow(value)
        else:
            require_bounded(yaml.parse(text, Loader=_Loader))
            value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
            value = json.loads(json.dumps(value, allow_nan=False), object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair can't be written
    except DocumentError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise _unreadable(error) from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that an object has twice: one of the two would be lost."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DocumentError("", f"an object has the key {twice!r} twice")
    return made


def _refused(constant: str) -> None:
    raise DocumentError("", f"can't be read: {constant} is not JSON")


def _unreadable(error: Exception) -> DocumentError:
    if isinstance(error, json.JSONDecodeError):
        return DocumentError(f"line {error.lineno}, column {error.colno}", error.msg)
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return DocumentError("", f"can't be read: {error}")
    place = f"line {mark.line + 1}, column {mark.column + 1}"
    return DocumentError(place, getattr(error, "problem", None) or "this is not YAML")


class _Once:
    """What a YAML loader makes of an object: like `_once`, with the line of the second key."""

    def flatten_mapping(self, node: Any) -> None:
        """Look at the keys before those of other objects are merged in."""
        if not hasattr(node, "sdir_checked"):
            node.sdir_checked = True
            _check_keys(node)
        super().flatten_mapping(node)  # type: ignore[misc]


def _check_keys(node: Any) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key.value, str) or key.tag == _MERGE:
            continue
        if key.value in seen:
            problem = f"duplicate key {key.value!r}"
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        seen.add(key.value)


_MERGE: Final = "tag:yaml.org,2002:merge"


def _loader() -> Any:
    loader: Any = type("Loader", (_Once, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), {})
    loader.yaml_implicit_resolvers = {}
    for name, (pattern, first) in _PLAIN.items():
        whole = re.compile(f"(?:{pattern})$")
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", whole, list(first))
    return loader


_Loader = _loader()
