"""The keys that sign what a topic publishes: the topic's own, and a stranger's for forgeries.
Imports nothing of ours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_BITS = 2_048


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """A key, and the certificate by which others know it."""

    key: rsa.RSAPrivateKey
    pem: bytes
    fingerprint: str

    @property
    def path(self) -> str:
        """Where the certificate is served."""
        return f"/SimpleNotificationService-{self.fingerprint}.pem"


@cache
def topic_identity() -> SigningIdentity:
    """One for the life of the process: making a key takes a good part of a second."""
    return make_identity("sns.amazonaws.com")


@cache
def foreign_identity() -> SigningIdentity:
    """A stranger's, whose certificate says the same."""
    return make_identity("sns.amazonaws.com")


def make_identity(common_name: str) -> SigningIdentity:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=_BITS)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()[:32]
    return SigningIdentity(key, certificate.public_bytes(Encoding.PEM), fingerprint)
