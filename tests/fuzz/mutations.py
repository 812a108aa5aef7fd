"""Breaks inputs: their bytes, their JSON, or what is packed in them."""

from __future__ import annotations

import copy
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import zstandard

TELLING = [
    *(b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n", b"\t", b'"'),
    *(b"'", b";", b",", b"[", b"]", b"{", b"}", b"<", b">", b"&#0;", b"&amp;", b"]]>", b"<!--"),
    *(b"-1", b"1e999", b"NaN", b"Infinity", b"null", b"true", b"9" * 400, b"0x1F", b"1_000"),
    *("٣".encode(), "🙂".encode(), "\u202e".encode(), b"=cmd|", b"%s%n", b"\\u0000", b"\\ud800"),
    *(
        b"31.12.9999",
        b"00.00.0000",
        b"99999999999",
        b"0" * 11,
        b"12:61",
        b"[" * 200,
        b'{"a":' * 200,
    ),
]
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1e308, 10**30, 1.5, "", " ", "\x00", "\ud800", "9" * 400, [], {}),
    *([[]], [None], {"": ""}, "2024-02-30T25:61:61+99:99", "41814061033", "#/x", "null", "object"),
    *({"$ref": "#/components/schemas/x"}, {"$ref": "#"}, {"$ref": 1}, {"type": "nonsense"}),
]


def mutated(random: Random, content: bytes, other: bytes = b"") -> bytes:
    """Return bytes with a few things put in, taken out, doubled or turned over."""
    made = bytearray(content)
    for _ in range(random.randint(1, 6)):
        at = random.randint(0, len(made))
        end = min(len(made), at + random.choice([1, 2, 4, 16, 200]))
        match random.randrange(7):
            case 0 if made:
                made[min(at, len(made) - 1)] ^= 1 << random.randrange(8)
            case 1:
                made[at:at] = random.choice(TELLING)
            case 2:
                made[at:end] = random.choice(TELLING)
            case 3:
                del made[at:end]
            case 4:
                made[at:at] = made[at:end] * random.choice([1, 2, 50])
            case 5:
                start = random.randint(0, len(other))
                made[at:end] = other[start : start + 200]
            case _:
                del made[at:]
    return bytes(made)


def mutated_json(random: Random, value: Any) -> Any:
    """Return JSON with a few of its values replaced, dropped, renamed or moved elsewhere."""
    made = copy.deepcopy(value)
    for _ in range(random.randint(1, 5)):
        places = list(_places(made))
        if not places:
            return random.choice(VALUES)
        parent, key = random.choice(places)
        match random.randrange(4):
            case 0:
                parent[key] = copy.deepcopy(random.choice(VALUES))
            case 1:
                del parent[key]
            case 2:
                there, name = random.choice(places)
                parent[key] = copy.deepcopy(there[name])
            case _ if isinstance(parent, dict):
                parent[random.choice([str(random.choice(VALUES)), f"{key}x"])] = parent.pop(key)
            case _:
                parent.insert(key, copy.deepcopy(random.choice(VALUES)))
    return made


def _places(value: Any) -> Any:
    """Yield where values stand, as a container and the key or the index in it."""
    pending = [value]
    while pending:
        found = pending.pop()
        if isinstance(found, dict | list):
            for key in list(found) if isinstance(found, dict) else range(len(found)):
                yield found, key
                pending.append(found[key])


def mutated_archive(random: Random, content: bytes) -> bytes:
    """Return a zip file, one of whose members is broken."""
    members = members_of(content)
    names = list(members)
    broken = random.choice(names)
    if random.randrange(10):
        members[broken] = mutated(random, members[broken], members[random.choice(names)])
    else:
        del members[broken]
    return archive_of(members)


def members_of(content: bytes) -> dict[str, bytes]:
    """Return what is in a zip file, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(members: dict[str, bytes]) -> bytes:
    """Return a zip file that is the same whenever it is made: all its times are 1980."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": partial(gzip.compress, mtime=0),
    "zst": zstandard.ZstdCompressor().compress,
    "zip": lambda content: archive_of({"rows.csv": content}),
}


def as_json(value: Any) -> bytes:
    """Write JSON with whatever is in it, half a pair of surrogates too."""
    return json.dumps(value).encode()
