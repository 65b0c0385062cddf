"""What a client meets at Keyspaces' door (TLS, sign-in by SigV4, status tables), before a real Cassandra."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NONCE = "91703fdc2ef562e19fbdab0f58e42fe5"
STARTUP, AUTHENTICATE, AUTH_CHALLENGE, AUTH_RESPONSE, AUTH_SUCCESS, ERROR = 1, 3, 14, 15, 16, 0
BAD_CREDENTIALS = 0x0100


@dataclass(frozen=True, slots=True)
class Frame:
    """One of the native protocol, version 4."""

    stream: bytes
    opcode: int
    body: bytes

    def answer(self, opcode: int, body: bytes) -> bytes:
        return b"\x84\0" + self.stream + bytes([opcode]) + struct.pack(">I", len(body)) + body

    def request(self) -> bytes:
        return b"\x04\0" + self.stream + bytes([self.opcode]) + struct.pack(">I", len(self.body)) + self.body


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    head = await reader.readexactly(9)
    (length,) = struct.unpack(">I", head[5:])
    return Frame(head[2:4], head[4], await reader.readexactly(length))


@dataclass(slots=True)
class Door:
    """``accepts`` judges the text of a sign-in; ``signed_in`` and ``refused`` count the verdicts."""

    port: int
    accepts: Callable[[str], bool]
    upstream: int
    signed_in: int = 0
    refused: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            await self._until_signed_in(reader, writer, inner_reader, inner_writer)
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        except (asyncio.IncompleteReadError, OSError):
            pass  # one of the two left
        finally:
            writer.close()
            inner_writer.close()

    async def _until_signed_in(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        inner_reader: asyncio.StreamReader,
        inner_writer: asyncio.StreamWriter,
    ) -> None:
        frame = await read_frame(reader)
        while frame.opcode != STARTUP:
            inner_writer.write(frame.request())
            found = await read_frame(inner_reader)
            writer.write(found.answer(found.opcode, found.body))
            frame = await read_frame(reader)
        await self._sign_in(frame, reader, writer)
        inner_writer.write(frame.request())
        await read_frame(inner_reader)  # READY: the client was told already

    async def _sign_in(
        self, startup: Frame, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(startup.answer(AUTHENTICATE, short("org.apache.cassandra.auth.PasswordAuthenticator")))
        first = await read_frame(reader)
        assert (first.opcode, first.body[4:]) == (AUTH_RESPONSE, b"SigV4\0\0")
        writer.write(first.answer(AUTH_CHALLENGE, long(f"nonce={NONCE}".encode())))
        second = await read_frame(reader)
        if not self.accepts(second.body[4:].decode()):
            self.refused += 1
            writer.write(second.answer(ERROR, struct.pack(">I", BAD_CREDENTIALS) + short("wrong signature")))
            await writer.drain()
            raise asyncio.IncompleteReadError(b"", None)
        self.signed_in += 1
        writer.write(second.answer(AUTH_SUCCESS, struct.pack(">i", -1)))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while content := await reader.read(65_536):
        writer.write(content)
        await writer.drain()
    writer.close()


def short(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def long(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


@asynccontextmanager
async def keyspaces_door(folder: Path, upstream: int, accepts: Callable[[str], bool]) -> AsyncIterator[Door]:
    """Before the Cassandra on ``upstream``, as localhost, with its certificate in ``folder``/door.pem."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(folder))
    door = Door(0, accepts, upstream)
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0, ssl=context)
    door.port = server.sockets[0].getsockname()[1]
    try:
        yield door
    finally:
        server.close()


def make_certificate(folder: Path) -> Path:
    """Key and certificate of localhost in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "door.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def status_tables(run: Callable[[str], Any]) -> Iterator[None]:
    """The tables in which Keyspaces tells what is ready, made by hand and empty."""
    run(
        "CREATE KEYSPACE system_schema_mcs "
        "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"
    )
    run("CREATE TABLE system_schema_mcs.keyspaces (keyspace_name text PRIMARY KEY)")
    run(
        "CREATE TABLE system_schema_mcs.tables "
        "(keyspace_name text, table_name text, status text, PRIMARY KEY (keyspace_name, table_name))"
    )
    try:
        yield
    finally:
        run("DROP KEYSPACE system_schema_mcs")
