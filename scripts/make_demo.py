"""Writes the records of the demo, the same ones each time: `python scripts/make_demo.py`.

Nobody in them is real: the person numbers are synthetic (month + 80, as the Norwegian Tax
Administration does it for tests), and names and ships are invented. 25 of the records hold a
mistake, each one that a person or a spreadsheet would make and that Sdir refuses.
"""

from __future__ import annotations

import datetime
import gzip
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

Json = dict[str, Any]
Mistake = Callable[[Json], None]

FOLDER = Path(__file__).parent / "demo"
COUNT = 10_000
BAD = 25
SEED = 991825827

ORGANIZATION = "991825827"
CODES = (
    *("BS0", "BUNK3", "BV", "BVSJEKK", "GOLALO", "GOIGF"),
    *("MV", "GOPOLFAR", "VOPOLFAR", "UTMOB8", "GOLALG"),
)
REGISTRARS = ("kari", "per", "crewing")
FIRST_NAMES = (
    *("Ola", "Kari", "Per", "Anne", "Nils", "Ingrid", "Lars", "Solveig", "Arne", "Marit", "Knut"),
    *("Silje", "Odd", "Hanne", "Geir", "Åse", "Bjørn", "Tone", "Øyvind", "Ellen", "Magnus", "Liv"),
)
MIDDLE_NAMES = (None, None, None, "Marie", "Johan", "Elin", "Andreas")
LAST_NAMES = (
    *("Nordmann", "Hansen", "Havnes", "Berg", "Strand", "Vik", "Sjøberg", "Lund", "Nes", "Holm"),
    *("Bakke", "Fjeld", "Øye", "Haugen", "Moen", "Solheim", "Aas", "Dahl", "Myhre", "Tangen"),
)
SHIP_NAMES = tuple(
    f"{first}{second}"
    for first in ("Hav", "Nord", "Vest", "Fjord", "Storm", "Sol", "Brim", "Måne")
    for second in ("bris", "tind", "fugl", "vakt", "ljos")
)


def main() -> None:
    """Write the records, and beside them what must become of them."""
    records, mistakes = make()
    lines = "".join(f"{_json(record)}\n" for record in records)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "records.jsonl.gz"
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write(lines.encode())
    expected = {"records": len(records), "mistakes": mistakes}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


def make() -> tuple[list[Json], dict[int, str]]:
    """Return the records, and what is wrong with which, by the number of its line, from 1."""
    random = Random(SEED)
    records = list(islice(_good_records(random), COUNT))
    # A person number must begin with 0 to lose it in a spreadsheet.
    candidates = [n for n, record in enumerate(records) if record["person"]["id"][0] == "0"]
    mistakes = list(MISTAKES.items())
    chosen = {}
    for at, index in enumerate(random.sample(candidates, BAD)):
        name, spoil = mistakes[at % len(mistakes)]
        spoil(records[index])
        chosen[index + 1] = name
    return records, dict(sorted(chosen.items()))


def _good_records(random: Random) -> Iterator[Json]:
    fleet = [_vessel(random, name) for name in SHIP_NAMES]
    numbers = _person_numbers(random)
    while True:
        person = _person(random, next(numbers))
        vessel = random.choice(fleet)
        for code in random.sample(CODES, random.choice((1, 1, 2, 2, 3))):
            yield {
                "registratorName": random.choice(REGISTRARS),
                "person": dict(person),
                "organization": {"organisationNumber": ORGANIZATION},
                "competence": _competence(random, code),
                "vessel": dict(vessel),
            }


def _person(random: Random, number: str) -> Json:
    return {
        "id": number,
        "firstName": random.choice(FIRST_NAMES),
        "middleName": random.choice(MIDDLE_NAMES),
        "lastName": random.choice(LAST_NAMES),
    }


def _competence(random: Random, code: str) -> Json:
    completed = datetime.date(2018, 1, 1) + datetime.timedelta(days=random.randrange(2800))
    competence = {"completionDate": completed.isoformat(), "competenceCode": code}
    if random.random() < 0.7:
        stop = completed - datetime.timedelta(days=random.randrange(60))
        start = stop - datetime.timedelta(days=random.randrange(7, 180))
        competence |= {"periodStartDate": start.isoformat(), "periodStopDate": stop.isoformat()}
    return competence


def _vessel(random: Random, name: str) -> Json:
    """Invent a ship; smaller ones have no IMO number."""
    number = imo_number(random.randrange(900_000, 1_000_000))
    letters = "".join(random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(2))
    return {
        "imoNumber": None if random.random() < 0.15 else number,
        "callsign": f"L{random.choice('ABCDEFGHIJKLMN')}{letters}",
        "name": name,
    }


def _person_numbers(random: Random) -> Iterator[str]:
    """Yield ever new numbers of persons born from 1958 to 2005."""
    seen = set()
    while True:
        born = datetime.date(1958, 1, 1) + datetime.timedelta(days=random.randrange(17_500))
        serial = random.randrange(500) + (500 if born.year >= 2000 else 0)
        number = person_number(born, serial)
        if number is not None and number not in seen:
            seen.add(number)
            yield number


def person_number(born: datetime.date, serial: int) -> str | None:
    """Return a synthetic person number, `None` where the check digits can't be written.

    Source: the scheme of the Norwegian Tax Administration.
    """
    digits = f"{born.day:02}{born.month + 80:02}{born.year % 100:02}{serial:03}"
    for weights in ((3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)):
        check = -_weighted(digits, weights) % 11
        if check == 10:
            return None
        digits += str(check)
    return digits


def imo_number(first_six: int) -> str:
    """Return an IMO number: six digits and their check digit."""
    digits = f"{first_six:06}"
    return f"{digits}{_weighted(digits, (7, 6, 5, 4, 3, 2)) % 10}"


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _slip_in_person_number(record: Json) -> None:
    number = record["person"]["id"]
    record["person"]["id"] = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"


def _lost_zero(record: Json) -> None:
    record["person"]["id"] = record["person"]["id"].lstrip("0")


def _no_completion_date(record: Json) -> None:
    del record["competence"]["completionDate"]


def _norwegian_date(record: Json) -> None:
    record["competence"]["completionDate"] = "31.05.2024"


def _impossible_date(record: Json) -> None:
    record["competence"]["completionDate"] = "2023-02-29"


def _date_with_time(record: Json) -> None:
    record["competence"]["completionDate"] += " 00:00:00"


def _empty_code(record: Json) -> None:
    record["competence"]["competenceCode"] = ""


def _no_vessel(record: Json) -> None:
    del record["vessel"]


def _imo_with_prefix(record: Json) -> None:
    record["vessel"]["imoNumber"] = "IMO 9074729"


def _swapped_in_organization_number(record: Json) -> None:
    record["organization"]["organisationNumber"] = "991825872"


def _number_for_text(record: Json) -> None:
    record["organization"]["organisationNumber"] = int(ORGANIZATION)


def _no_person_number(record: Json) -> None:
    record["person"]["id"] = None


def _crew_list_for_name(record: Json) -> None:
    record["person"]["lastName"] = ", ".join(LAST_NAMES)


MISTAKES: dict[str, Mistake] = {
    "person number with a wrong check digit": _slip_in_person_number,
    "person number that lost its leading zero": _lost_zero,
    "no completion date": _no_completion_date,
    "date as it is written in Norway": _norwegian_date,
    "date that does not exist": _impossible_date,
    "date with a time": _date_with_time,
    "empty competence code": _empty_code,
    "no vessel": _no_vessel,
    "IMO number with the letters IMO": _imo_with_prefix,
    "organisation number with two digits swapped": _swapped_in_organization_number,
    "organisation number as a number": _number_for_text,
    "no person number": _no_person_number,
    "a whole crew list as a family name": _crew_list_for_name,
}


def _json(record: Json) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
