"""TLS: a key goes only to a server that has proved its name."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tollbridge.errors import UpstreamUnreachable
from tollbridge.transport.base import Timeouts, Transport, UpstreamRequest
from tollbridge.transport.guard import Guard
from tollbridge.transport.http1 import Http1Transport
from tollbridge.transport.httpx2_transport import Httpx2Transport


async def one_address(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def request_to(host: str, port: int) -> UpstreamRequest:
    return UpstreamRequest(
        "POST", f"https://{host}:{port}/v1", [(b"authorization", b"Bearer key-of-" + host.encode())], b"{}", True
    )


class SecureUpstream:
    """Answers over TLS as `a.example`, and as nobody else; `heads` is all it was sent in clear."""

    def __init__(self, folder) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.certificate = made.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "both.pem").write_bytes(private + self.certificate)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "both.pem")
        self.heads: list[str] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                await reader.readexactly(len(b"{}"))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class Plain(asyncio.Protocol):
    """Answers a TLS greeting in plain HTTP."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()


@pytest.fixture
async def secure(tmp_path) -> AsyncIterator[SecureUpstream]:
    upstream = SecureUpstream(tmp_path)
    await upstream.open()
    yield upstream
    await upstream.close()


async def test_names_on_one_address_never_share_a_connection(secure, monkeypatch) -> None:
    trusting = ssl.create_default_context(cadata=secure.certificate.decode())
    monkeypatch.setattr(httpx2, "create_ssl_context", lambda **_: trusting)
    transport = Httpx2Transport(guard=Guard(one_address))
    for _ in range(2):
        response = await transport.send(request_to("a.example", secure.port))
        assert await response.read(10) == b"{}"
        await response.close()

    with pytest.raises(UpstreamUnreachable) as caught:
        await transport.send(request_to("b.example", secure.port))
    await transport.close()

    assert "b.example" in (caught.value.detail or "")
    assert ["key-of-a.example" in head for head in secure.heads] == [True, True]


@pytest.mark.parametrize("make", [Http1Transport, Httpx2Transport])
async def test_certificate_that_nobody_vouches_for_is_unreachable(secure, make) -> None:
    transport: Transport = make(Timeouts(), guard=Guard(one_address))

    with pytest.raises(UpstreamUnreachable):
        await transport.send(request_to("a.example", secure.port))
    await transport.close()

    assert secure.heads == []


@pytest.mark.parametrize("make", [Http1Transport, Httpx2Transport])
async def test_server_that_speaks_no_tls_is_unreachable(make) -> None:
    server = await asyncio.get_running_loop().create_server(Plain, "127.0.0.1", 0)
    transport: Transport = make(Timeouts(), guard=Guard(one_address))

    with pytest.raises(UpstreamUnreachable):
        await transport.send(request_to("a.example", server.sockets[0].getsockname()[1]))
    await transport.close()
    server.close()
