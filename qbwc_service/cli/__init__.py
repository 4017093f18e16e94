"""The `qbwc` command. Each group is a module of its own, imported only when one of its commands runs."""

import importlib
from typing import NamedTuple

import click

from .. import __version__


class _Lazy(NamedTuple):
    module: str
    name: str
    help: str


COMMANDS = {
    "backup": _Lazy("keep", "backup", "Write the whole database to a file, while the service runs."),
    "company": _Lazy("company", "company", "Companies: add, list, show, remove, export, erase."),
    "demo": _Lazy("demo", "demo", "See it work: service, simulated QuickBooks and sample orders in one."),
    "deploy": _Lazy("deploy", "deploy", "Print the files for running it: systemd, nginx, containers."),
    "doctor": _Lazy("status", "doctor", "Why is nothing happening? Checks all that can be in the way."),
    "explain": _Lazy("lists", "explain", "What a QuickBooks code means, and who mends it."),
    "init": _Lazy("server", "init", "Make the data folder, the secret key and, on SQLite, the tables."),
    "job": _Lazy("job", "job", "The queue: list, show, retry, cancel."),
    "link": _Lazy("lists", "link", "Link our customers, suppliers and items to QuickBooks' records."),
    "list": _Lazy("lists", "list_", "QuickBooks' accounts, customers, vendors, items, as last read."),
    "migrate": _Lazy("server", "migrate", "Bring the database's tables to this version."),
    "order": _Lazy("order", "order", "Orders: add, send, show."),
    "prune": _Lazy("keep", "prune", "Forget what is old and settled, but never what keeps orders from being doubled."),
    "qwc": _Lazy("company", "qwc", "Write a company's .qwc file, for its Web Connector."),
    "regenerate-password": _Lazy("company", "regenerate_password", "Give a company a new connector password."),
    "restore": _Lazy("keep", "restore", "Bring a backup back, so that nothing is posted twice after it."),
    "serve": _Lazy("server", "serve", "Run the service."),
    "settings": _Lazy("lists", "settings", "What a company wants of all its orders."),
    "simulate": _Lazy("simulate", "simulate", "Run a simulated Web Connector and QuickBooks against a service."),
    "status": _Lazy("status", "status", "One look at every company: contact, queue, what needs a person."),
    "token": _Lazy("token", "token", "Tokens that programs open the JSON API with: add, list, revoke."),
    "user": _Lazy("user", "user", "People at the pages: invite, list, make links, disable."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        lazy = COMMANDS.get(name)
        if lazy is None:
            return None
        command = getattr(importlib.import_module(f"{__name__}.{lazy.module}"), lazy.name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # From the table above: asking each command would import everything, only to print help.
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in COMMANDS.items()])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qbwc")
def main() -> None:
    """Send finished orders to QuickBooks Desktop, exactly once.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 needs attention.
    """
