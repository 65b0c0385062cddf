"""Certificates for servers on loopback, from authorities that tests make themselves."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dataplatform.local.server import LOOPBACK

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """``certificate`` is the file that clients trust."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: Path


def make_authority(folder: Path, name: str) -> Authority:
    key, subject = ec.generate_private_key(ec.SECP256R1()), _named(name)
    built = _builder(subject, subject, key).add_extension(x509.BasicConstraints(True, None), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    signed = built.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    path = folder / f"{name}.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return Authority(subject, key, path)


def make_server_certificate(authority: Authority, folder: Path, address: str = LOOPBACK) -> tuple[Path, Path]:
    """Certificate and key files of a server at an IP address."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    built = _builder(_named(address), authority.name, key).add_extension(names, critical=False)
    signed = built.add_extension(issuer, critical=False).sign(authority.key, hashes.SHA256())
    certificate, private = folder / f"{address}.crt", folder / f"{address}.key"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
