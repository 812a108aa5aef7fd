"""Uploads under faults and kills, then compares the register with the input: `make torture`.

A server in this process keeps the register. It meets one request in ten with a fault: it loses
answers before or after saving, cuts them, breaks connections off, answers 429, 500, 502, 503 or
504, or saves long after it gave up. The uploading process is killed with -9 again and again and
started anew with the same journal. In the end the register is compared with the input.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from attrs import Factory, define

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

BAD = "BAD"
LATE = 0.2
"""Seconds after which a backend saves what the gateway gave up on; less than SETTLE."""
SETTLE = 1.0


def records(count: int, bad: int) -> Iterator[dict[str, Any]]:
    """Yield the input: courses of synthetic persons, the bad ones evenly spread."""
    step = count // bad
    for at in range(count):
        code = BAD if at % step == step // 2 and at // step < bad else "HSCLC"
        yield {
            "personalIdentityNumber": f"0181{at:07d}",
            "completedAt": "2025-03-24T18:32:25+00:00",
            "organizationNumber": "991825827",
            "courseCode": code,
        }


WITNESS = next(records(1, 1)) | {"personalIdentityNumber": "01819999999", "courseCode": "HSCLC"}
"""A record that was saved before: an upload may be killed before anything of it is accepted."""


def bad_places(count: int, bad: int) -> list[int]:
    """Return where the bad records stand."""
    return [at for at, record in enumerate(records(count, bad)) if record["courseCode"] == BAD]


@define
class Judge:
    """The register, and the gateway before it that goes wrong now and then."""

    faults: random.Random
    saved: Counter[str] = Factory(lambda: Counter([WITNESS["personalIdentityNumber"]]))
    requests: int = 0
    faulty: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, until it is closed or broken off."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(reader, writer):
                await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests += 1
        length = int(_header(head, "content-length") or 0)
        if (wait := self.refuse()) is not None:
            await reader.readexactly(length)
            head = f"HTTP/1.1 429 x\r\nRetry-After: {wait}\r\nContent-Length: 0\r\n\r\n"
            writer.write(head.encode())
            return True
        fault = self.faults.choice(FAULTS) if self.faults.random() < 0.1 else None
        self.faulty += fault is not None
        if fault == "reset while sending" and length:
            writer.transport.abort()
            return False
        body = await reader.readexactly(length)
        if head.startswith("GET"):
            return self._send(writer, fault, 200, self._list(head), lambda: None)
        sent = orjson.loads(body)
        refused = [at for at, record in enumerate(sent) if record["courseCode"] == BAD]
        if refused:
            errors = {f"[{at}].CourseCode": ["There is no such code."] for at in refused}
            return self._send(writer, fault, 400, {"errors": errors}, lambda: None)
        persons = [record["personalIdentityNumber"] for record in sent]
        return self._send(writer, fault, 201, [], lambda: self.saved.update(persons))

    def refuse(self) -> int | None:
        """Return the seconds to wait if a request is turned away, since there were too many."""
        return None

    def _list(self, head: str) -> list[dict[str, Any]]:
        person = head.split("personId=")[1][:11]
        found = next(records(1, 1)) | {"personalIdentityNumber": person, "courseCode": "HSCLC"}
        return [found] * self.saved[person]

    def _send(
        self, writer: asyncio.StreamWriter, fault: str | None, status: int, body: object, apply: Any
    ) -> bool:
        """Apply the request or not, and answer it or not: the one says nothing about the other."""
        if fault in STATUSES:
            status, applied = STATUSES[fault]
            body = {"activityId": "1"} if fault.startswith("gateway") else {}
            if applied == "late":
                asyncio.get_running_loop().call_later(LATE, apply)
        else:
            applied = fault != "lost before saving"
        if applied is True:
            apply()
        if fault in ("lost before saving", "lost after saving"):
            writer.transport.abort()
            return False
        content = orjson.dumps(body)
        wait = "Retry-After: 0\r\n" if status == 429 else ""
        kind = "Content-Type: application/json\r\n"
        head = f"HTTP/1.1 {status} x\r\n{kind}{wait}Content-Length: {len(content)}\r\n\r\n"
        if fault == "cut answer":
            writer.write(head.encode() + content[:-1])
            writer.close()
            return False
        writer.write(head.encode() + content)
        return True


STATUSES: dict[str, tuple[int, bool | str]] = {
    "429": (429, False),
    "500": (500, False),
    "gateway, not saved": (500, False),
    "gateway, saved": (500, True),
    "gateway, saved late": (500, "late"),
    "502, saved": (502, True),
    "503, not saved": (503, False),
    "504, saved late": (504, "late"),
}
FAULTS = (*STATUSES, "lost before saving", "lost after saving", "reset while sending", "cut answer")


def _header(head: str, name: str) -> str:
    lines = (line.partition(":") for line in head.split("\r\n"))
    return next((value.strip() for key, _, value in lines if key.lower() == name), "")


async def upload(base_url: str, journal: Path, count: int, bad: int) -> None:
    """Be the process that is killed: upload, and print what became of the records."""
    from sdir_async import RetryPolicy, Sdir

    retry = RetryPolicy(attempts=30, first_wait=0.02, longest_wait=0.5, settle=SETTLE)
    async with Sdir("key", base_url=base_url, retry=retry) as sdir:
        report = await sdir.course.v1.upload(
            records(count, bad), witness=WITNESS, check=False, journal=journal
        )
    rejected = [rejection.index for rejection in report.rejections]
    sys.stdout.buffer.write(
        orjson.dumps([report.accepted, rejected, report.in_doubt, report.unsent])
    )


@contextlib.asynccontextmanager
async def serving(judge: Judge) -> AsyncIterator[str]:
    """Serve the register on a free port of loopback."""
    server = await asyncio.start_server(judge.serve, "127.0.0.1", 0, limit=2**22)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def torture(count: int, bad: int, kills: int, seed: int) -> int:
    """Run it all; return 0 if nothing was lost, nothing doubled, and every bad record named."""
    chance = random.Random(seed)
    judge = Judge(random.Random(seed + 1))
    expected = count // 500 + bad
    deaths = sorted(chance.sample(range(1, expected), min(kills, expected - 1)))
    killed, started = 0, time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        async with serving(judge) as base_url:
            command = [__file__, "--child", base_url, f"{folder}/journal", str(count), str(bad)]
            while True:
                child = await asyncio.create_subprocess_exec(
                    sys.executable, *command, stdout=asyncio.subprocess.PIPE
                )
                dying = asyncio.create_task(_kill(child, judge, deaths, chance))
                output, _ = await child.communicate()
                dying.cancel()
                if child.returncode != -signal.SIGKILL:
                    break
                killed += 1
            await asyncio.sleep(LATE)
    seconds = time.perf_counter() - started
    if child.returncode:
        print(f"seed {seed}: the upload failed", file=sys.stderr)
        return 1
    return compare(judge, orjson.loads(output), count, bad, f"seed {seed}, {killed} kills", seconds)


async def _kill(
    child: asyncio.subprocess.Process, judge: Judge, deaths: list[int], chance: random.Random
) -> None:
    """Kill the child at a random instant after the register has seen this many requests."""
    while not deaths or judge.requests < deaths[0]:  # noqa: ASYNC110  it is polled on purpose
        await asyncio.sleep(0.002)
    deaths.pop(0)
    await asyncio.sleep(chance.random() * 0.03)
    with contextlib.suppress(ProcessLookupError):
        child.kill()


def compare(judge: Judge, report: list[Any], count: int, bad: int, run: str, seconds: float) -> int:
    """Compare the register with the input, print, and return the exit code."""
    accepted, rejected, in_doubt, unsent = report
    places = bad_places(count, bad)
    good = {
        record["personalIdentityNumber"]
        for record in records(count, bad)
        if record["courseCode"] != BAD
    }
    lost = len(good - judge.saved.keys())
    twice = sum(times > 1 for times in judge.saved.values())
    foreign = len(judge.saved.keys() - good - {WITNESS["personalIdentityNumber"]})
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{run}: {count} records, {bad} bad; {judge.requests} requests, {judge.faulty} faulty")
    print(
        f"lost {lost}, twice {twice}, bad ones saved {foreign}; accepted {accepted},"
        f" rejected {len(rejected)} (the right ones: {rejected == places}),"
        f" in doubt {in_doubt}, unsent {unsent}"
    )
    print(f"{seconds:.1f} s, peak memory of the upload {memory:.0f} MiB")
    whole = accepted == len(good) and rejected == places and not in_doubt and not unsent
    return 0 if whole and not lost and not twice and not foreign else 1


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--bad", type=int, default=200)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        base_url, journal, count, bad = given.child
        asyncio.run(upload(base_url, Path(journal), int(count), int(bad)))
        return 0
    print(f"seed {given.seed}")
    return asyncio.run(torture(given.records, given.bad, given.kills, given.seed))


if __name__ == "__main__":
    sys.exit(main())
