"""What the operator sets, read once from the environment (design.md part 4). The only module that reads it."""

import os
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

DEFAULT_PORT = 8080
SHORTEST_KEY, GOOD_KEY = 8, 32  # characters; `doctor` complains of a key that is not good
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}


class ConfigurationError(Exception):
    """The environment does not make sense; `faults` says all of it, a line each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Settings:
    """The service's settings.

    `public_url` has no slash at its end; links, the .qwc file and the WSDL are made from it alone, never from a
    request's Host header. `secret_key` is None until `qbwc init` has made one.
    """

    database_url: str
    data_dir: pathlib.Path
    public_url: str
    port: int
    secret_key: str | None = field(repr=False)

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
    if faults:
        raise ConfigurationError(tuple(faults))
    return Settings(database_url, data_dir, public_url, port, secret_key)


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
