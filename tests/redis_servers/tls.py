"""TLS in front of a server, and certificates that fit and that do not."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.redis_servers import wheels
from tests.redis_servers.keeper import Keeper
from tests.redis_servers.program import HOST, Program, accepts, free_port
from tests.redis_servers.server import RedisServer

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

OTHER_HOST = "redis.example"


@dataclass(frozen=True)
class Tls:
    """A server that is reached through TLS: by a certificate in its own name, and by one in another's."""

    server: RedisServer
    port: int
    other_port: int
    ca: Path
    wrong_ca: Path
    program: Program = field(repr=False)
    host: str = HOST

    @property
    def url(self) -> str:
        """The address whose certificate is in the name of 127.0.0.1 and localhost."""
        return f"rediss://{self.host}:{self.port}"

    @property
    def other_url(self) -> str:
        """The address whose certificate is in the name of another host; the same authority has signed it."""
        return f"rediss://{self.host}:{self.other_port}"


def make_tls(keeper: Keeper, folder: Path, server: RedisServer) -> Tls:
    """Certificates in a new folder, and stunnel with them in front of a server."""
    folder.mkdir(parents=True)
    key, authority = _authority(folder / "ca.pem", "The right authority")
    _authority(folder / "wrong-ca.pem", "Another authority")
    ports = {"own": free_port(), "other": free_port()}
    _certificate(folder / "own.pem", key, authority, ["localhost"], [HOST])
    _certificate(folder / "other.pem", key, authority, [OTHER_HOST], [])
    services = (
        f"[{name}]\naccept = {HOST}:{port}\nconnect = {server.host}:{server.port}\ncert = {folder / name}.pem\n"
        for name, port in ports.items()
    )
    (folder / "stunnel.conf").write_text("\n".join(["foreground = yes", "pid =", "syslog = no", *services]))
    program = Program(keeper, [wheels.stunnel(), str(folder / "stunnel.conf")], folder / "log")
    program.start(lambda: all(map(accepts, ports.values())))
    return Tls(server, ports["own"], ports["other"], folder / "ca.pem", folder / "wrong-ca.pem", program)


def _authority(path: Path, name: str) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _begun(name, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key, made


def _certificate(
    path: Path, signer: EllipticCurvePrivateKey, authority: x509.Certificate, names: list[str], addresses: list[str]
) -> None:
    """Write a server's key and certificate into one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = [*map(x509.DNSName, names), *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)]
    made = (
        _begun(names[0], authority.subject, key)
        .add_extension(x509.SubjectAlternativeName(who), critical=False)
        .sign(signer, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(written + made.public_bytes(serialization.Encoding.PEM))
    path.chmod(0o600)


def _begun(name: str, issuer: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=7))
    )
