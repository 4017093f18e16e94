"""What the operator sets, read once from the environment (design.md part 4). The only module that reads it."""

import email.errors
import ipaddress
import os
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from enum import Enum, StrEnum
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

DEFAULT_PORT = 8080
SHORTEST_KEY, GOOD_KEY = 8, 32  # characters; `doctor` complains of a key that is not good
SHORTEST_TOKEN = 16
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}

Proxy: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network | str
"""Where a trusted proxy calls from; the text "unix" for a socket of this machine."""


class ConfigurationError(Exception):
    """The environment does not make sense; `faults` says all of it, a line each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Tls(Enum):
    """How mail is kept from other eyes on its way; the value is the port where none is given."""

    NONE = 25
    STARTTLS = 587
    FROM_THE_START = 465


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class MailServer:
    """Where mail goes out; `user` is "" where the server asks for none. `sender` stands in From."""

    host: str
    port: int
    tls: Tls
    user: str
    password: str = field(repr=False)
    sender: str


@dataclass(frozen=True)
class Settings:
    """The service's settings.

    `public_url` has no slash at its end; links, the .qwc file and the WSDL are made from it alone, never from a
    request's Host header. `secret_key` is None until `qbwc init` has made one. `mail` is None where no mail is sent.
    `webhooks_private`: webhooks may lie in this machine's own network (security.md T12). `trusted_proxies` are those
    whose word on who called is taken (T14). `log_format` is None where the operator leaves it to us. `metrics_token`
    opens /metrics to others than this machine.
    """

    database_url: str
    data_dir: pathlib.Path
    public_url: str
    port: int
    secret_key: str | None = field(repr=False)
    mail: MailServer | None = None
    webhooks_private: bool = False
    tick_seconds: float = 10.0  # between two looks of the ticker for what is due
    trusted_proxies: tuple[Proxy, ...] = ()
    log_format: LogFormat | None = None
    log_level: str = "info"
    metrics_token: str | None = field(default=None, repr=False)

    @property
    def is_local(self) -> bool:
        """Whether the service is reached on this machine alone: a trial, or development."""
        return urlsplit(self.public_url).hostname in LOCAL_HOSTS

    @property
    def secret_file(self) -> pathlib.Path:
        """Where `init` keeps the secret key when the environment does not give one."""
        return self.data_dir / "secret.key"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> pathlib.Path | None:
        """The database file, or None for another database."""
        if not self.is_sqlite:
            return None
        return pathlib.Path(self.database_url.split("///", 1)[1])


def read(environ: Mapping[str, str] | None = None, port: int | None = None) -> Settings:
    """-> the settings that the environment gives; raises ConfigurationError with every fault at once.

    `port` is the one of `qbwc serve --port`: the default public URL names it.
    """
    env = os.environ if environ is None else environ
    faults: list[str] = []
    data_dir = pathlib.Path(env.get("QBWC_DATA_DIR") or "data").absolute()
    port = port or _port(env.get("PORT"), faults)
    public_url = _public_url(env.get("QBWC_PUBLIC_URL") or f"http://localhost:{port}", faults)
    database_url = _database_url(env.get("DATABASE_URL") or f"sqlite:///{data_dir / 'qbwc.sqlite3'}", faults)
    secret_key = _secret_key(env, data_dir, faults)
    mail = _mail(env, faults)
    private = _yes_or_no("QBWC_WEBHOOK_PRIVATE", env.get("QBWC_WEBHOOK_PRIVATE"), faults)
    tick_seconds = _tick_seconds(env.get("QBWC_TICK_SECONDS"), faults)
    proxies = _proxies(env.get("QBWC_TRUSTED_PROXIES") or "", faults)
    log_format = _one_of("QBWC_LOG", env.get("QBWC_LOG"), tuple(LogFormat), faults)
    log_level = _one_of("QBWC_LOG_LEVEL", env.get("QBWC_LOG_LEVEL"), LOG_LEVELS, faults)
    metrics_token = _metrics_token(env, faults)
    if faults:
        raise ConfigurationError(tuple(faults))
    return Settings(
        database_url,
        data_dir,
        public_url,
        port,
        secret_key,
        mail,
        private,
        tick_seconds,
        proxies,
        LogFormat(log_format) if log_format else None,
        log_level or Settings.log_level,
        metrics_token,
    )


def _port(text: str | None, faults: list[str]) -> int:
    if not text:
        return DEFAULT_PORT
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    faults.append(f"PORT: {text!r} is not a port number, 1 to 65535")
    return DEFAULT_PORT


def _public_url(text: str, faults: list[str]) -> str:
    """https off localhost: the Web Connector refuses anything else with QBWC1010 (contract.md part 4, AppURL)."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        faults.append(f"QBWC_PUBLIC_URL: {text!r}: {error}")
        return text
    if parts.scheme not in ("http", "https") or not parts.hostname:
        faults.append(f"QBWC_PUBLIC_URL: {text!r} is not a web address such as https://books.example.com")
    elif parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
        faults.append(f"QBWC_PUBLIC_URL: {text!r} must be https; the Web Connector takes plain http for localhost only")
    elif parts.query or parts.fragment:
        faults.append(f"QBWC_PUBLIC_URL: {text!r} must end before any ? or #")
    return text.rstrip("/")


def _database_url(text: str, faults: list[str]) -> str:
    scheme, separator, rest = text.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg") and separator:
        try:
            _ = urlsplit(f"postgresql://{rest}").port
        except ValueError as error:
            faults.append(f"DATABASE_URL: {error}")
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return text
    faults.append("DATABASE_URL: must start with sqlite:///FILE or postgresql://")
    return text


def _secret_key(env: Mapping[str, str], data_dir: pathlib.Path, faults: list[str]) -> str | None:
    if env.get("QBWC_SECRET_KEY") and env.get("QBWC_SECRET_KEY_FILE"):
        faults.append("QBWC_SECRET_KEY and QBWC_SECRET_KEY_FILE: give one of them")
        return None
    if named := env.get("QBWC_SECRET_KEY_FILE"):
        try:
            key = pathlib.Path(named).read_text().strip()
        except OSError as error:
            faults.append(f"QBWC_SECRET_KEY_FILE: {named}: {error.strerror}")
            return None
        except UnicodeDecodeError:
            faults.append(f"QBWC_SECRET_KEY_FILE: {named}: is not text")
            return None
    elif not (key := env.get("QBWC_SECRET_KEY") or ""):
        kept = data_dir / "secret.key"
        try:
            key = kept.read_text().strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            faults.append(f"{kept}: {error.strerror}")
            return None
        except UnicodeDecodeError:
            faults.append(f"{kept}: is not text")
            return None
    if len(key) < SHORTEST_KEY:
        faults.append(f"QBWC_SECRET_KEY: at least {SHORTEST_KEY} characters; `qbwc init` makes a good key")
    return key


def _mail(env: Mapping[str, str], faults: list[str]) -> MailServer | None:
    """No fault repeats the URL: it may hold a password."""
    url, sender = _smtp_url(env, faults), env.get("QBWC_MAIL_FROM") or ""
    if sender and not _is_address(sender):
        faults.append(f"QBWC_MAIL_FROM: {sender!r} is not an address such as books@example.com")
    if url is None:
        return None
    if bool(url) != bool(sender):
        faults.append("QBWC_SMTP_URL and QBWC_MAIL_FROM: give both, or neither")
    return _mail_server(url, sender, faults) if url else None


def _smtp_url(env: Mapping[str, str], faults: list[str]) -> str | None:
    """-> the URL of the mail server, "" without one, None after a fault."""
    if not (named := env.get("QBWC_SMTP_URL_FILE")):
        return env.get("QBWC_SMTP_URL") or ""
    if env.get("QBWC_SMTP_URL"):
        faults.append("QBWC_SMTP_URL and QBWC_SMTP_URL_FILE: give one of them")
        return None
    try:
        url = pathlib.Path(named).read_text().strip()
    except OSError as error:
        faults.append(f"QBWC_SMTP_URL_FILE: {named}: {error.strerror}")
        return None
    except UnicodeDecodeError:
        faults.append(f"QBWC_SMTP_URL_FILE: {named}: is not text")
        return None
    if not url:
        faults.append(f"QBWC_SMTP_URL_FILE: {named}: is empty")
    return url or None


def _mail_server(url: str, sender: str, faults: list[str]) -> MailServer | None:
    try:
        parts = urlsplit(url)
        port, query = parts.port, dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        faults.append("QBWC_SMTP_URL: cannot be read; write % signs and such in a password as %25 and so on")
        return None
    starttls = query.pop("starttls", "no")
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        faults.append("QBWC_SMTP_URL: must be like smtp://user:password@host:587?starttls=yes or smtps://host")
        return None
    if query or starttls not in ("yes", "no"):
        faults.append("QBWC_SMTP_URL: behind the ? only starttls=yes or starttls=no may stand")
        return None
    tls = Tls.FROM_THE_START if parts.scheme == "smtps" else Tls.STARTTLS if starttls == "yes" else Tls.NONE
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and tls is Tls.NONE and parts.hostname not in LOCAL_HOSTS:
        faults.append("QBWC_SMTP_URL: the password would travel in the open; add ?starttls=yes, or use smtps://")
    return MailServer(parts.hostname, port or tls.value, tls, user, password, sender)


def _is_address(text: str) -> bool:
    """Whether it is one address, perhaps with a name before it: Books <books@example.com>."""
    try:
        return text.isprintable() and bool(Address(addr_spec=parseaddr(text)[1]).domain)
    except (ValueError, IndexError, email.errors.MessageError):
        return False


def _yes_or_no(name: str, text: str | None, faults: list[str]) -> bool:
    if text and text not in ("yes", "no"):
        faults.append(f"{name}: {text!r} is neither yes nor no")
    return text == "yes"


def _tick_seconds(text: str | None, faults: list[str]) -> float:
    try:
        seconds = float(text or Settings.tick_seconds)
    except ValueError:
        seconds = 0.0
    if not 0.05 <= seconds <= 60:
        faults.append(f"QBWC_TICK_SECONDS: {text!r} is not a number of seconds from 0.05 to 60")
    return seconds


def _proxies(text: str, faults: list[str]) -> tuple[Proxy, ...]:
    """A network is written with its first address: 10.0.0.1/8 is more likely a slip than meant."""
    found: list[Proxy] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(part if part == "unix" else ipaddress.ip_network(part))
        except ValueError as error:
            faults.append(f"QBWC_TRUSTED_PROXIES: {error}; give addresses or networks, with commas between them")
    if any(not isinstance(proxy, str) and proxy.prefixlen == 0 for proxy in found):
        faults.append("QBWC_TRUSTED_PROXIES: a network of all addresses would have everybody say who he is")
    return tuple(found)


def _one_of(name: str, text: str | None, words: Sequence[str], faults: list[str]) -> str | None:
    """-> the word that is given, None without one."""
    if text and text.lower() not in words:
        faults.append(f"{name}: {text!r} is none of {', '.join(words)}")
        return None
    return text.lower() if text else None


def _metrics_token(env: Mapping[str, str], faults: list[str]) -> str | None:
    token, named = env.get("QBWC_METRICS_TOKEN") or "", env.get("QBWC_METRICS_TOKEN_FILE")
    if token and named:
        faults.append("QBWC_METRICS_TOKEN and QBWC_METRICS_TOKEN_FILE: give one of them")
        return None
    if named:
        try:
            token = pathlib.Path(named).read_text().strip()
        except OSError as error:
            faults.append(f"QBWC_METRICS_TOKEN_FILE: {named}: {error.strerror}")
            return None
        except UnicodeDecodeError:
            faults.append(f"QBWC_METRICS_TOKEN_FILE: {named}: is not text")
            return None
    elif not token:
        return None
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        faults.append(f"QBWC_METRICS_TOKEN: at least {SHORTEST_TOKEN} plain characters, without spaces")
    return token
