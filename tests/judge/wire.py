"""What is written to a connection: whole answers, and what is left of them when it breaks."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any, Final

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter

PAGE: Final = b"<html><body>Sign in</body></html>"
_GZIP: Final = gzip.compress(b"")[:10]
SURPLUS: Final = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
)
BREAKING: Final = (
    "idle close",
    "close next",
    "close",
    "reset",
    "half head",
    "half body",
    "silent",
)


async def break_off(reader: Reader, writer: Writer, fault: str, right: bytes) -> None:
    """Write what is written of the right answer before the connection is closed."""
    match fault:
        case "idle close":
            writer.write(right)
        case "close next":
            writer.write(right)
            await reader.readexactly(1)
        case "reset":
            writer.transport.abort()
        case "half head":
            writer.write(right[:20])
        case "half body":
            writer.write(_half(right))
        case "silent":
            await reader.read()


def raw(status: int, body: Any = b"", **headers: str) -> bytes:
    """Return a whole answer; `retry_after="0"` is the header `retry-after`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/html" if content[:1] == b"<" else "application/json"
    named = {"Content-Length": str(len(content)), "Content-Type": kind}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + content


def status_of(fault: str, uid: str) -> bytes:
    """Return the answer that a fault puts in the place of the right one."""
    match fault:
        case "500 own":
            title = "An error occurred while processing your request."
            return raw(500, {"title": title, "status": 500, "traceId": uid})
        case "500 gateway":
            said = "Internal server error"
            return raw(500, {"statusCode": 500, "message": said, "activityId": uid})
        case "500 custom":
            return raw(500, {"error": "Something went wrong.", "case": uid})
        case "429" | "503 wait":
            return raw(int(fault[:3]), retry_after="0")
        case "gzip header":
            return raw(200, _GZIP, content_encoding="gzip")
        case "500 page" | "502" | "504" | "200 page":
            return raw(int(fault[:3]), PAGE)
    return raw(int(fault[:3]))


def _half(answer: bytes) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    if not body:
        return answer[: len(answer) // 2]
    return head + b"\r\n\r\n" + body[: len(body) // 2]


async def trickle(writer: Writer, answer: bytes) -> None:
    step = 1 + len(answer) // 8
    for start in range(0, len(answer), step):
        writer.write(answer[start : start + step])
        await asyncio.sleep(0.002)
