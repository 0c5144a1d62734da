"""Servers on this machine that behave as badly as they are told to: a web service, and a mail server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass(slots=True)
class WebService:
    """Answers each request alike, and remembers the keys that it was sent with."""

    port: int = 0
    status: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    silent: bool = False
    """Whether it takes requests and never answers."""
    trickles: bool = False
    """Whether it sends one byte now and then."""
    keys: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    """The keys of what was answered with success."""

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.port}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            await reader.readexactly(int(headers.get("content-length", 0)))
            self.keys.append(headers.get("idempotency-key", ""))
            if self.silent:
                await reader.read()
            else:
                await self._answer(writer, self.keys[-1])
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, key: str) -> None:
        head = f"HTTP/1.1 {self.status} as told\r\nContent-Type: {self.content_type}\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode())
        if self.trickles:
            for byte in self.body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)
        writer.write(b"" if self.trickles else self.body)
        await writer.drain()
        if self.status < 300:  # noqa: PLR2004 - success in HTTP
            self.accepted.append(key)


@dataclass(slots=True)
class MailServer:
    """Takes every mail."""

    port: int = 0
    mails: list[str] = field(default_factory=list)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection (RFC 5321)."""
        writer.write(b"220 ready\r\n")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                if verb == b"QUIT":
                    break
        writer.close()


@asynccontextmanager
async def up(server: WebService | MailServer) -> AsyncIterator[None]:
    """Let a server listen on its port, or on a free one; outside of the block connections are refused."""
    listening = await asyncio.start_server(server.converse, HOST, server.port)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        listening.close()
