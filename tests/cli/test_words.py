"""What the command says in Norwegian: all of it, with the same placeholders."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sdir_async import errors
from sdir_async.cli import words
from sdir_async.cli.apis import find_version
from sdir_async.cli.fields import Field
from sdir_async.cli.reasons import in_words
from sdir_async.cli.words import form_of, language_of, listed, recast, say, some
from sdir_async.description import describe_all
from sdir_async.maskinporten.refusals import MEANINGS, UNKNOWN
from sdir_async.maskinporten.refusals import Refusal as TokenRefusal
from sdir_async.problems import _ADVICE
from sdir_async.upload.check import Check
from sdir_async.upload.chunks import Chunk, Piece

from .conftest import COURSE, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import Done

CLI = Path(words.__file__).parent.parent
CATALOGUE = tomllib.loads(resources.files(words).joinpath("nb.toml").read_text("utf-8"))
TAKEN = {"say": 1, "unsaid": 1, "Trouble": 1, "Refused": 2, "Undecided": 2, "Finding": 1}
"""How many of the first arguments of these calls are messages; `some` has two, after a count."""

IN_PAGES = re.compile(r"""\bsay\("((?:[^"\\]|\\.)*)\"""")


def _calls() -> Iterator[tuple[Path, ast.Call, list[ast.expr]]]:
    for path in sorted(CLI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "some":
                    yield path, node, node.args[1:3]
                elif node.func.id in TAKEN:
                    yield path, node, node.args[: TAKEN[node.func.id]]


def _messages() -> set[str]:
    said = {
        one.value
        for _, _, given in _calls()
        for one in given
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    for page in CLI.rglob("*.html"):
        said |= set(IN_PAGES.findall(page.read_text("utf-8")))
    return said


def _fields(text: str) -> list[tuple[str, str, str]]:
    parts = string.Formatter().parse(text)
    return sorted((name, how or "", spec or "") for _, name, spec, how in parts if name)


def test_each_message_has_a_norwegian_text() -> None:
    """Those of the command, the report and the template; and no text is left of an old message."""
    said = {one for one in _messages() if re.search("[A-Za-z]{2}", one)}
    norwegian = CATALOGUE["said"]
    assert sorted(said - norwegian.keys()) == []
    assert sorted(norwegian.keys() - _messages() - CALCULATED) == []
    assert [one for one in norwegian.values() if not one.strip()] == []


CALCULATED = {"complete", "deadline", "in_doubt", "cancelled", "error", "none"}
"""Messages that are looked up by a value."""


@pytest.mark.parametrize("section", CATALOGUE)
def test_placeholders_are_the_same_in_both_languages(section: str) -> None:
    """With the same conversions and formats; and so are spaces at the ends, and full stops."""
    for english, norwegian in CATALOGUE[section].items():
        assert _fields(norwegian) == _fields(english), english
        for end in (0, -1):
            assert norwegian[end].isspace() == english[end].isspace(), english
        assert norwegian.rstrip().endswith(".") == english.rstrip().endswith("."), english


def test_no_message_is_put_together_where_no_translation_finds_it() -> None:
    """A text with words and values is one template with placeholders, never an f-string."""
    found = [
        f"{path.relative_to(CLI)}:{node.lineno}"
        for path, node, given in _calls()
        for one in given
        if isinstance(one, ast.JoinedStr)
        and any(
            isinstance(part, ast.Constant) and re.search("[a-z]{2}", str(part.value))
            for part in one.values
        )
    ]
    assert found == []


def test_what_is_written_is_said() -> None:
    """No module writes words to a stream that did not go through the catalogue."""
    own = {"app.py", "reference.py"}  # the version, and the page of the command
    writers = {"sys.stderr.write", "sys.stdout.write", "console.print"}
    found = []
    for path in sorted(CLI.rglob("*.py")):
        if path.name in own:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            given: list[ast.expr] = []
            if isinstance(node, ast.Call) and ast.unparse(node.func) in writers:
                given = node.args[:1]
            found += [
                f"{path.relative_to(CLI)}:{one.lineno}"
                for one in given
                if isinstance(one, ast.JoinedStr | ast.Constant) and _has_words(one)
            ]
    assert found == []


def _has_words(node: ast.JoinedStr | ast.Constant) -> bool:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
    return any(re.search("[a-z]{2}", text.removeprefix("sdir: ")) for text in texts)


def test_each_field_is_explained_in_norwegian() -> None:
    """What the documents say about the fields that can be uploaded."""
    from sdir_async.cli.fields import read_fields

    about = {
        field.about
        for version in describe_all()
        for batch in version.batches.values()
        for field in read_fields(batch.schema).all
        if field.about
    }
    assert sorted(about - CATALOGUE["documents"].keys()) == []
    assert sorted(CATALOGUE["documents"].keys() - about) == []


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "nb_NO.UTF-8"}, "nb"),
        ({"LANG": "nn_NO"}, "nb"),
        ({"LANG": "no"}, "nb"),
        ({"LANG": "Norwegian Bokmål_Norway.1252"}, "nb"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LC_ALL": "C", "LANG": "nb_NO.UTF-8"}, "en"),
        ({"LC_MESSAGES": "nb_NO", "LANG": "en_US"}, "nb"),
        ({"LC_ALL": "", "LANG": "nb_NO"}, "nb"),
        ({"LANG": "nonsense"}, "en"),
        ({"SDIR_LANGUAGE": "nb", "LC_ALL": "C"}, "nb"),
    ],
)
def test_the_language_is_that_of_the_environment(
    environment: dict[str, str], language: str
) -> None:
    """`SDIR_LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`, in this order; all Norwegian is bokmål."""
    assert language_of(environment) == language


def test_where_the_environment_names_none_the_system_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Windows has no `LANG`; it calls the language by its name."""
    monkeypatch.setattr("locale.getlocale", lambda: ("Norwegian Bokmål_Norway", "1252"))
    assert language_of({}) == "nb"
    monkeypatch.setattr("locale.getlocale", lambda: (None, None))
    assert language_of({}) == "en"


def test_numbers_are_written_as_the_language_writes_them() -> None:
    """A thousand has a space and a decimal has a comma in Norwegian; years and lines have none."""
    assert some(1234, "{count:,} row", "{count:,} rows") == "1,234 rows"
    words.use("nb")
    assert say("{count:,} {word}", count=1234, word="rader") == "1\u00a0234 rader"
    seconds = some(
        2,
        "{count:,} request in {seconds:.1f} s",
        "{count:,} requests in {seconds:.1f} s",
        seconds=1.5,
    )
    assert seconds == "2 forespørsler på 1,5 s"
    assert say("line {first}", first=1234) == "linje 1234"
    assert listed("ABC") == "A, B og C"
    assert listed("AB", "or") == "A eller B"
    assert listed([]) == ""


def test_sentences_of_the_library_are_known_by_their_form() -> None:
    """What they quote is kept, parts of them are said too, and others stay in English."""
    assert recast("is shorter than 2 characters") == "is shorter than 2 characters"
    words.use("nb")
    assert recast("is shorter than 2 characters") == "er kortere enn 2 tegn"
    assert recast("courseCode: is required") == "courseCode: må fylles ut"
    assert recast("The CourseCode field is required.") == "Feltet CourseCode må fylles ut."
    assert recast("Something that nobody translated.") == "Something that nobody translated."
    assert form_of("a {x} b").fullmatch("a [.*] b")


def test_the_language_can_be_chosen(sdir: Callable[..., Done]) -> None:
    """By an option of each command, before what the environment says."""
    assert (
        "kan ikke leses: filen finnes ikke."
        in sdir("upload", "course", "x", "--language", "nb").err
    )
    assert "can't be read: no such file" in sdir("upload", "course", "x").err
    assert sdir("upload", "course", "x", "--language", "sv").code == 2


def test_each_refusal_and_each_advice_of_the_library_is_norwegian() -> None:
    """What Maskinporten's codes mean, and what to do about each kind of answer of Sdir."""
    texts = {text for one in (*MEANINGS.values(), UNKNOWN) for text in (one.text, one.advice)}
    texts |= {f"It failed. {advice} [GET x answered 400]" for advice in _ADVICE.values()}
    words.use("nb")
    assert sorted(text for text in texts if recast(text) == text) == []
    error = TokenRefusal(400, "MP-121", "no", None, None).error()
    said = recast(str(error))
    assert said.startswith("Maskinporten ga ikke noe token (MP-121): den registrerte nøkkelen er")
    assert said.endswith("bruk den med dens kid.")


BAD: dict[str, Any] = {
    "not a valid person number": {"personalIdentityNumber": "41814061034"},
    "not a valid organization number": {"organizationNumber": "991825828"},
    "not a valid date and time": {"completedAt": "yesterday"},
    "is shorter than 1 character": {"courseCode": ""},
    "is longer than 20 characters": {"courseCode": "x" * 21},
    "must be text": {"courseCode": 7},
}


@pytest.mark.parametrize("reason", [*BAD, "is required"])
def test_each_reason_of_the_check_is_norwegian(reason: str) -> None:
    """Those that the check of the documents' records can give."""
    schema = find_version("course", "v1").batches["create"].schema
    record = course() | BAD.get(reason, {})
    if reason == "is required":
        del record["courseCode"]
    piece = Piece(Chunk(0, [record], [orjson.dumps(record)]), range(1))
    ((found, *_),) = Check(dict(schema))(piece).refused.values()
    assert found.message.startswith(reason)
    words.use("nb")
    assert recast(found.message) != found.message


@pytest.mark.parametrize(
    ("message", "field", "said"),
    [
        ("is required", Field(("a",), format="imo-number", digits=7), "for example 9074729"),
        ("is required", Field(("a",)), "is required"),
        (
            "is required",
            Field(("a",), format="person-number", digits=11),
            "is required; write all 11 digits",
        ),
        ("is required", None, "is required"),
        (
            "not a valid person number",
            Field(("a",), format="person-number", digits=11),
            "not a valid person number: check its digits",
        ),
    ],
)
def test_a_reason_has_an_example_where_one_helps(
    message: str, field: Field | None, said: str
) -> None:
    """A number with a wrong check digit was misread: another one is no help then."""
    assert in_words(message, field).endswith(said)


def test_an_upload_ends_with_what_to_do_next(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """In the last line, in the user's language, and only what is true."""
    good, bad = course(1), course(2, courseCode="")
    for name, records in (("a", [good]), ("b", [course(3), bad])):
        (tmp_path / f"{name}.jsonl").write_bytes(lines_of(records))

    def last(*arguments: str) -> str:
        return sdir("upload", *COURSE, *arguments).out.splitlines()[-1]

    assert last("a.jsonl", "-n").startswith("Every row can be sent: run the command without")
    (tmp_path / "same.jsonl").write_bytes(lines_of([good, good]))
    assert last("same.jsonl", "-n").startswith("First read the messages about this file: ")
    assert last("b.jsonl", "-n") == "Correct these rows in the file, and check it again."
    assert last("a.jsonl", "-o", "validate") == "Every row is valid. Nothing was saved."
    assert last("a.jsonl") == "Every row is saved. You are done."
    norwegian = last("b.jsonl", "--language", "nb")
    assert norwegian.startswith("Rett radene i b.rejected.jsonl, og last opp den filen")
    rejected = (tmp_path / "b.rejected.jsonl").read_text("utf-8")
    assert '"sdir: hvorfor den ble avvist":"courseCode: er kortere enn 1 tegn"' in rejected


@pytest.mark.parametrize("options", [(), ("--no-journal",)])
def test_an_upload_that_saved_nothing_says_so_at_its_end(
    sdir: Callable[..., Done],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    """With a wrong key, the rows that were rejected before sending are not what comes first."""
    monkeypatch.setenv("SDIR_API_KEY", "another-key-123")
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1), course(2, courseCode="")]))
    done = sdir("upload", *COURSE, "a.jsonl", *options)
    assert done.code == 2
    last = done.out.splitlines()[-1]
    assert last == "Nothing was saved: correct it, and run the same command again."


def test_a_cell_has_one_reason(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """However many rules it breaks."""
    rows = ["Fnr;Dato;Organisasjonsnummer;Kurskode", "123;x;991825827;A"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    done = sdir("upload", *COURSE, "a.csv", "--dry-run", "--json")
    (event,) = (one for one in done.events if one["event"] == "rejected")
    assert [reason["field"] for reason in event["reasons"]] == ["Fnr", "Dato"]


TOLD_BY = ("auth", "hosts", "observe", "problems", "maskinporten/*", "upload/journal/*")
"""The modules whose errors can end a command; others are about a program's own arguments."""


def _errors_of_the_library() -> Iterator[str]:
    """Yield the messages of its errors, with `x` for what they quote."""
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    for path in (one for name in TOLD_BY for one in sorted(CLI.parent.glob(f"{name}.py"))):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_error = isinstance(node, ast.Call) and ast.unparse(node.func) in kinds
            if is_error and isinstance(node, ast.Call) and node.args:
                yield from _sample(node.args[0])


def _sample(message: ast.expr) -> Iterator[str]:
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    texts = [one.value if isinstance(one, ast.Constant) else "x" for one in parts]
    if re.search("[a-z]{3}", said := "".join(map(str, texts))):
        yield said


def test_each_error_that_can_end_a_command_is_norwegian() -> None:
    """Whatever module of the library raises it: about the key, the host, the journal, the token."""
    words.use("nb")
    said = list(_errors_of_the_library())
    assert len(said) > 40
    assert [text for text in said if recast(text) == text] == []
