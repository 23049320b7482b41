"""Joining from outside: an enrolment token becomes an identity, credentials and the address of the bus, kept in the data folder."""

import hashlib
import hmac
import ipaddress
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx
import nkeys

from libs.contracts.agents import Enrolled
from libs.contracts.message import Undecodable, decode
from libs.runtime.bus import Unanswered, connect
from libs.runtime.credentials import KeyPair, credentials_file, load_key, make_key, write_secret
from libs.runtime.machine import bracketed
from libs.runtime.trust import CA_FILE
from services.agent.joined import read_joined, write_joined

#: Characters of the shortest thing that a server takes for an enrolment token.
SHORTEST = 20
#: The key of an enrolment that is not finished: asked again with it, the server gives the same answer.
PENDING = "joining.seed"


class NotJoined(Exception):
    """The sentence says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Server:
    """The server's address, and its authority's certificate (PEM); without one the system's authorities vouch for it."""

    url: str
    host: str
    ca: str = ""

    def context(self) -> ssl.SSLContext:
        """TLS to it."""
        return ssl.create_default_context(cadata=self.ca or None)


async def find(url: str, *, ca: Path | None = None, mark: str = "") -> Server:
    """The server at an address. `ca`: its authority's certificate; `mark`: that certificate's SHA-256, and it is fetched.

    Raises `NotJoined`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host:
        raise NotJoined(f"{url} is no server's address: write it as https://print.example.org:39900.")
    if parts.scheme == "http" and not _own(host):
        raise NotJoined("The enrolment token must not travel unprotected: write https:// and the port of HTTPS, 39900 say.")
    at = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if ca:
        return Server(at, host, _certificate(ca))
    if mark:
        return Server(at, host, await _fetched(parts, at, mark))
    return Server(at, host)


async def join(server: Server, token: str, folder: Path) -> str:
    """Enrol with a server and write down all that the agent needs; its serial number. Raises `NotJoined`."""
    keys = folder / "keys"
    if (keys / "operator.seed").exists():
        raise NotJoined(f"{folder} belongs to a server, whose own agent needs no joining: set PRINTBUS_DATA_DIR to another folder.")
    if len(token) < SHORTEST:
        raise NotJoined("That is no enrolment token: give the one that `agent invite` showed, whole.")
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    pair = _pending(keys / PENDING)
    enrolled = await _enrol(server, {"token": token, "key": pair.public, "sn": str(read_joined(folder).get("sn", ""))})
    credentials = keys / f"{enrolled.sn}.creds"
    write_secret(credentials, credentials_file(enrolled.jwt, pair))
    trusted = "\n".join(dict.fromkeys(each.strip() for each in (enrolled.ca, server.ca) if each.strip()))
    if trusted:
        write_secret(keys / CA_FILE, trusted + "\n")
    else:
        (keys / CA_FILE).unlink(missing_ok=True)
    url = await _reached([each.replace("*", bracketed(server.host), 1) for each in enrolled.urls], enrolled.sn, credentials)
    write_joined(folder, sn=enrolled.sn, tenant=enrolled.tenant, shard=enrolled.shard, region=enrolled.region, nats_url=url)
    (keys / PENDING).unlink()
    return enrolled.sn


async def _enrol(server: Server, said: dict[str, str]) -> Enrolled:
    try:
        async with httpx.AsyncClient(verify=server.context(), trust_env=False, timeout=20) as client:
            answer = await client.post(f"{server.url}/enrol", json=said)
    except httpx.TransportError as error:
        raise NotJoined(_unreachable(server.url, error)) from error
    if answer.status_code == httpx.codes.OK:
        try:
            enrolled: Enrolled = decode(Enrolled, answer.content)
        except Undecodable as error:
            raise NotJoined(f"{server.url} answers with something else than an enrolment: is it a Printbus server?") from error
        if not re.fullmatch(r"[A-Za-z0-9]{8}", enrolled.sn):
            raise NotJoined(f"{server.url} answers with something else than a serial number.")
        return enrolled
    try:
        message = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        message = f"{server.url} answers {answer.status_code} to an enrolment: is it a Printbus server?"
    raise NotJoined(message)


async def _reached(urls: list[str], sn: str, credentials: Path) -> str:
    """The first address at which the bus lets the agent in."""
    problems = []
    for url in urls:
        try:
            bus = await connect(url, sn, credentials, within=10.0)
        except Unanswered as error:
            problems.append(str(error))
            continue
        await bus.close()
        return url
    raise NotJoined(f"Enrolled, but the bus is not reached ({'; '.join(problems)}). When it is, join again with the same token.")


async def _fetched(parts: SplitResult, at: str, mark: str) -> str:
    """The authority's certificate as the server shows it, believed for its fingerprint only."""
    if parts.scheme == "http":
        return ""
    try:
        async with httpx.AsyncClient(verify=False, trust_env=False, timeout=20) as client:  # noqa: S501 - see the fingerprint
            answer = await client.get(f"{at}/webprinter-ca.pem")
            shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(answer.text)).hexdigest()
    except httpx.TransportError as error:
        raise NotJoined(_unreachable(at, error)) from error
    except ValueError:
        raise NotJoined(f"{at} shows no certificate of its own authority: leave --fingerprint out, or give --ca.") from None
    if not hmac.compare_digest(shown, mark.replace(":", "").replace(" ", "").lower()):
        raise NotJoined(f"{at} is not the server that is meant: its authority's certificate has another fingerprint, {shown}.")
    return answer.text


def _certificate(path: Path) -> str:
    try:
        text = path.read_text()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (OSError, ValueError, ssl.SSLError):
        raise NotJoined(f"{path} holds no certificate (PEM): give the file that the server shows at /webprinter-ca.pem.") from None
    return text


def _pending(path: Path) -> KeyPair:
    if not path.exists():
        write_secret(path, make_key(nkeys.PREFIX_BYTE_USER).seed)
    return load_key(path.read_bytes())


def _unreachable(at: str, error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            f"The certificate of {at} is signed by nobody whom this machine knows, or for another name: give --fingerprint (as "
            "`agent invite` shows it) or --ca, and a name that is in the certificate (PRINTBUS_HTTP_NAMES at the server)."
        )
    return f"{at} is not reached: {str(error) or type(error).__name__}."


def _own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
