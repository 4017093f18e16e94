"""`qbwc deploy`: prints the files that an operator installs around the service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from .. import deploy as files
from ..settings import DEFAULT_PORT

F = TypeVar("F", bound=Callable[..., Any])

_PORT = click.IntRange(1, 65535)
_UNITS = ("qbwc.service", "qbwc-nightly.service", "qbwc-nightly.timer")


def _server_name(command: F) -> F:
    return click.option("--server-name", default="books.example.com", show_default=True, help="The public name.")(
        command
    )


def _tls_port(command: F) -> F:
    return click.option("--tls-port", type=_PORT, default=443, show_default=True, help="Where https is spoken.")(
        command
    )


def _user(command: F) -> F:
    return click.option("--user", default="qbwc", show_default=True, help="Whom the service runs as.")(command)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except files.NotPrintable as error:
        raise click.UsageError(str(error)) from None


@click.group()
def deploy() -> None:
    """Print the files for running it: systemd, nginx, containers.

    Each says in its comments where it goes and why its lines are there.

    \b
    Example: qbwc deploy systemd > /etc/systemd/system/qbwc.service
    """


@deploy.command()
@click.option("--gunicorn", is_flag=True, help="Several processes, on PostgreSQL, behind nginx.")
@click.option("--unit", type=click.Choice(_UNITS), default=_UNITS[0], show_default=True, help="Which file.")
@_user
def systemd(gunicorn: bool, unit: str, user: str) -> None:
    """Print a systemd unit: the service's, or those of the nightly backup.

    \b
    Example: qbwc deploy systemd --gunicorn > /etc/systemd/system/qbwc.service
    """
    if gunicorn and unit != _UNITS[0]:
        raise click.UsageError(f"--gunicorn belongs to {_UNITS[0]} alone")
    with _told():
        place = {"bin": files.programs(), "user": files.user(user)}
    if unit == _UNITS[0]:
        place["run"] = files.filled("run-gunicorn.part" if gunicorn else "run-serve.part", **place).rstrip()
    click.echo(files.filled(unit, **place), nl=False)


@deploy.command()
@_server_name
@_tls_port
@click.option("--port", type=_PORT, default=DEFAULT_PORT, show_default=True, help="Where the service listens.")
@click.option("--postgres", is_flag=True, help="On PostgreSQL, instead of SQLite.")
@_user
def env(server_name: str, tls_port: int, port: int, postgres: bool, user: str) -> None:
    """Print the service's settings, for the systemd unit.

    \b
    Example: qbwc deploy env --server-name books.example.com > /etc/qbwc/qbwc.env
    """
    with _told():
        name, user = files.host(server_name), files.user(user)
    text = files.filled(
        "qbwc.env",
        server_name=name,
        public_url=files.public_url(name, tls_port),
        port=port,
        user=user,
        hash="" if postgres else "#",
        database_url=f"postgresql://{user}@/qbwc?host=/run/postgresql",
    )
    click.echo(text, nl=False)


@deploy.command()
@_user
def command(user: str) -> None:
    """Print a script that runs commands as the service does.

    \b
    Example: qbwc deploy command > /usr/local/sbin/qbwc-admin
    """
    with _told():
        text = files.filled("qbwc-admin", user=files.user(user), bin=files.programs())
    click.echo(text, nl=False)


@deploy.command()
@_server_name
@_tls_port
@click.option("--http-port", type=_PORT, default=80, show_default=True, help="Where plain http is turned away.")
@click.option("--upstream", default=f"127.0.0.1:{DEFAULT_PORT}", show_default=True, help="Where the service listens.")
@click.option("--certificate", help="File with the whole chain.  [default: Let's Encrypt's]")
@click.option("--certificate-key", help="File with its key.  [default: Let's Encrypt's]")
def nginx(
    server_name: str, tls_port: int, http_port: int, upstream: str, certificate: str | None, certificate_key: str | None
) -> None:
    """Print nginx' part: TLS, sizes and times for the Web Connector.

    \b
    Example: qbwc deploy nginx --server-name books.example.com > /etc/nginx/conf.d/qbwc.conf
    """
    with _told():
        name = files.host(server_name)
        text = files.filled(
            "nginx.conf",
            server_name=name,
            tls_port=tls_port,
            http_port=http_port,
            public_url=files.public_url(name, tls_port),
            upstream=files.upstream(upstream),
            certificate=files.path(certificate or f"/etc/letsencrypt/live/{name}/fullchain.pem"),
            certificate_key=files.path(certificate_key or f"/etc/letsencrypt/live/{name}/privkey.pem"),
        )
    click.echo(text, nl=False)


@deploy.command()
def docker() -> None:
    """Print a Dockerfile, to be built in a checkout.

    \b
    Example: qbwc deploy docker > Dockerfile
    """
    click.echo(files.filled("Dockerfile"), nl=False)


@deploy.command()
@_server_name
@_tls_port
@click.option("--port", type=_PORT, default=DEFAULT_PORT, show_default=True, help="Where the service listens.")
def compose(server_name: str, tls_port: int, port: int) -> None:
    """Print a compose file: the service, with PostgreSQL.

    \b
    Example: qbwc deploy compose --server-name books.example.com > compose.yaml
    """
    with _told():
        url = files.public_url(files.host(server_name), tls_port)
    click.echo(files.filled("compose.yaml", public_url=url, port=port), nl=False)
