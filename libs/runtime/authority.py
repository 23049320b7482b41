"""A certificate authority for this machine alone: it vouches for a few names, and its key never leaves the folder of keys."""

import fcntl
import ipaddress
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from libs.runtime.credentials import write_secret

log = structlog.get_logger()

CERTIFICATE, KEY = "ca.pem", "ca.key"
#: Every certificate is for these.
ALWAYS = ("localhost", "127.0.0.1", "::1")
#: What it may vouch for besides the names that it was asked for (RFC 5280 section 4.2.1.10).
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
#: Browsers believe no server's certificate for longer than 398 days.
LEAF_DAYS = 397
LEAF_LEFT = timedelta(days=LEAF_DAYS / 3)
CA_DAYS = 3650
CA_LEFT = timedelta(days=LEAF_DAYS + 30)
#: Clocks of others may be behind ours.
BACKDATED = timedelta(days=1)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Leaf(NamedTuple):
    """Files of one server's certificate (with the authority's behind it) and of its key."""

    certificate: Path
    key: Path


def _now() -> datetime:
    return datetime.now(UTC)


class Authority:
    """Makes what is missing, changes what is about to end, and leaves alone what is good. Its methods block: files are read."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = _now) -> None:
        self._folder = folder
        self._clock = clock

    def certificate(self) -> Path:
        """The authority's certificate (PEM), which whoever connects must trust; made at the first call."""
        with self._alone():
            self._authority(())
        return self._folder / CERTIFICATE

    def leaf(self, names: Sequence[str] = (), name: str = "https", *, mutual: bool = False) -> Leaf:
        """A server's certificate and key, good for these host names and addresses beside localhost, in `<name>.pem` and `.key`.

        The same files as long as they are good for the same names and for a third of their time; new ones after that.
        `mutual`: good for calling others as well.
        """
        wanted = tuple(sorted({*ALWAYS, *(each.lower() for each in names)}))
        files = Leaf(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        with self._alone():
            issuer, key = self._authority(wanted)
            if not self._is_good(files, wanted, issuer):
                self._issue(files, wanted, issuer, key, mutual=mutual)
                log.info("certificate made", name=name, names=list(wanted), days=LEAF_DAYS)
        return files

    def certify(self, builder: x509.CertificateBuilder, days: int) -> x509.Certificate:
        """A certificate of what the builder says, with number, dates and issuer: for so long, or until the authority's own ends."""
        with self._alone():
            issuer, key = self._authority(())
        begins = self._clock() - BACKDATED
        return (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(min(begins + timedelta(days=days), issuer.not_valid_after_utc))
            .issuer_name(issuer.subject)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time: several services share the folder."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "ca.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _authority(self, names: tuple[str, ...]) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        path, key_path = self._folder / CERTIFICATE, self._folder / KEY
        if not key_path.exists():
            made = ec.generate_private_key(ec.SECP256R1())
            write_secret(key_path, _private(made))
            path.unlink(missing_ok=True)
        key = _load(key_path)
        found = x509.load_pem_x509_certificate(path.read_bytes()) if path.exists() else None
        may = _constraints(found) if found else ()
        if found and all(_within(name, may) for name in names) and found.not_valid_after_utc - self._clock() > CA_LEFT:
            return found, key
        certificate = self._vouch(key, names, may)
        _write(path, _pem(certificate))
        if found:
            log.warning("authority's certificate made anew: whoever trusts it must be given the new one", file=str(path))
        return certificate, key

    def _vouch(self, key: ec.EllipticCurvePrivateKey, names: Sequence[str], before: Sequence[x509.GeneralName]) -> x509.Certificate:
        public = key.public_key()
        identifier = x509.SubjectKeyIdentifier.from_public_key(public)
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Printbus {identifier.digest.hex()[:8]} (this machine)")])
        may: list[x509.GeneralName] = list(before) or [x509.DNSName("localhost"), *map(x509.IPAddress, LOOPBACK)]
        may += [_permitted(name) for name in dict.fromkeys(names) if not _within(name, may)]
        builder = (
            self._dated(CA_DAYS)
            .subject_name(own)
            .issuer_name(own)
            .public_key(public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(x509.NameConstraints(may, None), critical=True)
        )
        return builder.sign(key, hashes.SHA256())

    def _issue(
        self, files: Leaf, names: Sequence[str], issuer: x509.Certificate, key: ec.EllipticCurvePrivateKey, *, mutual: bool
    ) -> None:
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, *([ExtendedKeyUsageOID.CLIENT_AUTH] if mutual else [])]
        own = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._dated(LEAF_DAYS)
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
            .issuer_name(issuer.subject)
            .public_key(own.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        # The key first: who is killed in between finds a pair that does not fit, and makes it anew.
        write_secret(files.key, _private(own))
        _write(files.certificate, _pem(builder.sign(key, hashes.SHA256())) + _pem(issuer))

    def _dated(self, days: int) -> x509.CertificateBuilder:
        begins = self._clock() - BACKDATED
        return (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + timedelta(days=days))
        )

    def _is_good(self, files: Leaf, names: tuple[str, ...], issuer: x509.Certificate) -> bool:
        try:
            leaf, *above = x509.load_pem_x509_certificates(files.certificate.read_bytes())
            key = _load(files.key)
        except (OSError, ValueError):
            return False
        has = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (
            list(has) == [_general(name) for name in names]
            and leaf.public_key() == key.public_key()
            and above == [issuer]
            and leaf.not_valid_after_utc - self._clock() > LEAF_LEFT
        )


def _address(name: str) -> Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _general(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.IPAddress(address) if address else x509.DNSName(name)


def _permitted(name: str) -> x509.GeneralName:
    """A name as constraints have it: an address is a network of one."""
    address = _address(name)
    return x509.IPAddress(ipaddress.ip_network(address)) if address else x509.DNSName(name)


def _constraints(certificate: x509.Certificate) -> Sequence[x509.GeneralName]:
    return certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()


def _within(name: str, may: Sequence[x509.GeneralName]) -> bool:
    address = _address(name)
    if address:
        networks = [str(each.value) for each in may if isinstance(each, x509.IPAddress)]
        return any(address in ipaddress.ip_network(network) for network in networks)
    return any(isinstance(each, x509.DNSName) and (name == each.value or name.endswith(f".{each.value}")) for each in may)


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path.name} holds another kind of key than ours")  # noqa: TRY004 - it is the file that is wrong
    return key


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_bytes(data)
    temporary.replace(path)
