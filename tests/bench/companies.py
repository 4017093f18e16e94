"""10,000 companies that poll each minute, at one process of the service: what share of a core that takes beside the
database, by the process' own CPU, over HTTP; and whether a poll costs the same as with one company.
"""

import itertools
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from qbwc_service.db import companies as table
from qbwc_service.simulator import soap
from tests.many.crowd import Lines, Tally
from tests.many.fleet import Member, running
from tests.many.office import found, soap_call
from tests.many.trading import trade

from . import past
from .databases import database, kinds
from .figures import Figure, side_by_side

MINUTE = 60.0
GROWTH = 1.2


def run(server: str | None = None, *, companies: int = 10_000, polls: int = 500, rounds: int = 5) -> list[Figure]:
    """A part of the polls is made, and the rest reckoned: each is like the other."""
    figures = []
    for kind, where in kinds(server):
        with _town(where, companies) as large, _town(where, 1) as small:
            cost = side_by_side(rounds, lambda: large.poll(polls), lambda: small.poll(polls))
        minute = cost.one / polls * companies
        figures += [
            Figure(f"{kind}: an idle poll, {companies:,} companies", cost.one / polls * 1000, "ms"),
            Figure(f"{kind}: {companies:,} polls a minute, of one core", minute / MINUTE * 100, "%", 100),
            Figure(f"{kind}: an idle poll, {companies:,} companies / 1 company", cost.ratio, "", GROWTH),
        ]
    return figures


@dataclass
class _Town:
    member: Member
    usernames: Iterator[str]
    password: str
    lines: Lines

    def poll(self, polls: int) -> float:
        """-> CPU seconds of the service for idle polls, one of each company in turn."""
        begun = self.member.cpu_seconds()
        for username in itertools.islice(self.usernames, polls):
            for call in (
                soap_call("serverVersion", strVersion="2.3.0.215"),
                soap_call("clientVersion", strVersion="2.3.0.215"),
                soap_call("authenticate", strUserName=username, strPassword=self.password),
            ):
                told = self.lines.call(self.member.port, call)
            if soap.read_strings("authenticate", told)[1] != "none":
                raise RuntimeError(f"not an idle poll: {told}")
        return self.member.cpu_seconds() - begun


@contextmanager
def _town(server: str | None, companies: int) -> Iterator[_Town]:
    """-> so many companies that are all alike: nothing is to be sent, and their lists were read just now."""
    with ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qbwc-bench-")))
        engine = stack.enter_context(database(server))
        url = engine.url.render_as_string(hide_password=False)
        (member,) = stack.enter_context(running(folder, url, 1))
        (office,) = found(engine, 1, contested=0)
        tally = Tally()
        trade([office], [member.port], tally, [1], pause=0.1)
        if tally.wrong:
            raise RuntimeError(tally.wrong[0])
        past.add_companies(engine, companies - 1)
        with engine.connect() as db:
            names: Sequence[str] = db.execute(select(table.companies.c.username)).scalars().all()
        lines = Lines("127.0.0.1")
        stack.callback(lines.close)
        yield _Town(member, itertools.cycle(names), office.password, lines)
