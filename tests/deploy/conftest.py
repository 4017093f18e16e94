"""The whole deployment: nginx with TLS, gunicorn with two workers as the printed unit runs it, and PostgreSQL."""

import pathlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.deploy import front as fronts
from tests.deploy.front import Front
from tests.deploy.machine import Machine, free_port
from tests.service import Qbwc


@dataclass
class Deployment:
    machine: Machine
    front: Front
    qbwc: Qbwc
    unit: str
    company: dict[str, Any]


@contextmanager
def database(server: str) -> Iterator[str]:
    """-> the URL of a new database, as an operator writes it."""
    name = f"deploy_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.replace("/postgres?", f"/{name}?").replace("postgresql+psycopg:", "postgresql:")
    finally:
        with admin.connect() as db:
            db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(scope="module")
def machine_on_postgresql(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Machine, Front]]:
    """Settings and certificate are in place, and nothing runs yet."""
    fronts.program()
    root = pathlib.Path(tmp_path_factory.mktemp("m"))
    machine = Machine(root)
    front = Front(free_port(), free_port(), fronts.certificate(root), root / "log")
    with database(postgres_server) as url:
        machine.has_secret_key()
        machine.has_settings(
            *("--server-name", fronts.NAME, "--tls-port", str(front.tls_port), "--postgres"),
            DATABASE_URL=url,
            QBWC_LOG_LEVEL="debug",
            QBWC_TICK_SECONDS="0.2",
        )
        yield machine, front


@pytest.fixture(scope="module")
def deployment(machine_on_postgresql: tuple[Machine, Front]) -> Iterator[Deployment]:
    machine, front = machine_on_postgresql
    unit = machine.printed("systemd", "--gunicorn", "--user", "root")
    part = machine.printed(
        *("nginx", "--server-name", fronts.NAME, "--upstream", f"127.0.0.1:{machine.port}"),
        *("--tls-port", str(front.tls_port), "--http-port", str(front.http_port)),
        *("--certificate", str(front.certificate.chain), "--certificate-key", str(front.certificate.key)),
    )
    with machine.running(unit), fronts.running(front.folder, part, front):
        qbwc = machine.qbwc(unit)
        qbwc.environment["SSL_CERT_FILE"] = str(front.certificate.authority)
        yield Deployment(machine, front, qbwc, unit, qbwc.data("company", "add", "ABC Company"))
