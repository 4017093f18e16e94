"""A random schedule of faults, drawn from a seed, played against a world, and judged when all has calmed down."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Engine

from qbwc_service.simulator import Company
from tests.orders import make_order

from .judge import Verdict, judge
from .world import Connector, Dropped, World

POLLS = 8
CALM_POLLS = 30


@dataclass
class Played:
    """What happened, for whoever reads a failure."""

    seed: int
    steps: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)


@dataclass
class Player:
    world: World
    draw: random.Random
    played: Played
    late: list[tuple[Connector, str | None, tuple[str, str, str]]] = field(default_factory=list)
    under_way: list[tuple[Connector, str | None, str, int]] = field(default_factory=list)
    polls: int = 0
    number: int = 1000
    interference: float = 0.04

    def note(self, what: str) -> None:
        self.played.steps.append(what)

    # --- what may happen between two calls -------------------------------------------------------------------------

    def disturb(self) -> None:
        """Perhaps something happens that nobody at this session did."""
        happenings: list[tuple[float, Callable[[], None]]] = [
            (0.10, self.new_order),
            (0.06, self.deliver_late),
            (0.10, self.arrive_late),
            (0.05, lambda: self.world.clock.advance(self.draw.choice([1, 20, 70, 4000]))),
            (0.04, self.arm_service),
        ]
        for chance, happen in happenings:
            if self.draw.random() < chance:
                happen()

    def new_order(self) -> None:
        self.number += 1
        customer = self.draw.choice("ABC")
        lines = [
            {
                "product_number": self.draw.choice(["MUG", "PEN", "CAP"]),
                "quantity": str(self.draw.randint(1, 9)),
                "rate": self.draw.choice(["1.00", "2.335", "19.99"]),
                "supplier_id": "S-1",
                "cost": "0.50",
            }
            for _ in range(self.draw.randint(1, 3))
        ]
        payments = [
            {
                "id": str(n),
                "date": "2026-11-20",
                "amount": self.draw.choice(["1.00", "5.00", "500.00"]),
                "method": "Check",
            }
            for n in range(self.draw.randint(0, 2))
        ]
        order = make_order(
            str(self.number),
            customer={"id": f"C-{customer}", "name": f"Customer {customer}"},
            lines=lines,
            discount=self.draw.choice([None, {"percent": "10"}]),
            payments=payments,
            suppliers=[{"id": "S-1", "name": "Supplier One"}],
        )
        self.note(f"order {self.number}")
        # The database may refuse, or the service die: whoever sends it then sends it again, as an order system would.
        for _ in range(3):
            try:
                self.world.send(order)
                return
            except (OSError, BaseException) as error:
                if type(error).__name__ not in ("Killed", "OSError"):
                    raise
                self.note("sending failed, sent again")
        self.world.send(order)

    def deliver_late(self) -> None:
        if self.late:
            connector, ticket, answer = self.late.pop(self.draw.randrange(len(self.late)))
            self.note("a late answer is delivered")
            try:
                connector.service.call("receive_response", ticket, *answer)
            except Dropped:
                self.note("and lost again")

    def arrive_late(self) -> None:
        """A message that was held up on its way reaches QuickBooks after all."""
        if self.under_way:
            connector, ticket, message, _ = self.under_way.pop(self.draw.randrange(len(self.under_way)))
            self.note("a message reaches QuickBooks late")
            self.late.append((connector, ticket, connector.process(message)))

    def arm_service(self) -> None:
        name = self.draw.choice(["kill_before_commit", "kill_after_commit", "refuse_commit"])
        self.note(f"armed: {name}")
        setattr(self.world.service, name, self.draw.randrange(3))

    # --- one update -------------------------------------------------------------------------------------------------

    def poll(self, connector: Connector, calm: bool = False) -> None:
        self.polls += 1
        # What is held up arrives within two updates, or never.
        self.under_way = [held for held in self.under_way if held[3] >= self.polls]
        try:
            self._poll(connector, calm)
        except Dropped:
            self.note("the session broke off")
            follow = self.draw.choice(["nothing", "close", "last error"])
            try:
                if follow == "close":
                    connector.close()
                elif follow == "last error" and connector.ticket is not None:
                    connector.service.call("last_error", connector.ticket)
            except Dropped:
                pass
            if connector.ticket is not None:
                connector.books.end_session(connector.ticket)

    def _poll(self, connector: Connector, calm: bool) -> None:
        if not connector.login():
            return
        if not calm and self.draw.random() < 0.05:
            self.note("QuickBooks cannot be opened")
            connector.service.call("connection_error", connector.ticket, "0x80040408", "Could not start QuickBooks.")
            return
        if not calm and self.draw.random() < 0.04:
            self.note("another company file is open")
            self.wrong_file(connector)
            return
        for _ in range(60):
            if not calm:
                self.disturb()
                self._arm_books(connector.books)
            message = connector.fetch()
            if not message:
                connector.service.call("last_error", connector.ticket)
                connector.close()
                return
            if not calm and self.draw.random() < 0.06:
                self.note("the message got lost on its way to QuickBooks")
                raise Dropped
            if not calm and self.world.books.message_sets.capacity is None and self.draw.random() < 0.06:
                # Only where QuickBooks remembers every message set: a message that a QuickBooks without memory
                # carries out after it was asked for in vain, nobody can tell from one that was never sent.
                self.note("the message is held up on its way to QuickBooks")
                self.under_way.append((connector, connector.ticket, message, self.polls + 2))
                raise Dropped
            answer = connector.process(message)
            if not calm:
                self.disturb()
                self._interfere()
                chance = self.draw.random()
                if chance < 0.10:
                    self.note("the answer is lost for ever")
                    raise Dropped
                if chance < 0.18:
                    self.note("the answer comes later")
                    self.late.append((connector, connector.ticket, answer))
                    raise Dropped
                if chance < 0.24:
                    self.note("the answer comes twice")
                    connector.bring(answer)
            percent = connector.bring(answer)
            if percent < 0:
                connector.service.call("last_error", connector.ticket)
                connector.close()
                return
            if percent >= 100:
                connector.close()
                return
        raise AssertionError("a session without end")

    def wrong_file(self, connector: Connector) -> None:
        other = Company.new(name="Another company")
        other.stamp(self.world.company.owner_id, "{11111111-2222-3333-4444-555555555555}")
        right, connector.books = connector.books, other
        try:
            message = connector.fetch()
        finally:
            connector.books = right
        if message:
            raise AssertionError(f"another company file was given {message}")
        connector.service.call("last_error", connector.ticket)
        connector.close()

    def _interfere(self) -> None:
        """Another connector with the same login polls while this one is at QuickBooks."""
        if self.draw.random() < self.interference:
            self.note("another connector polls meanwhile")
            self.poll(self.world.connector())

    def _arm_books(self, books: Company) -> None:
        chance = self.draw.random()
        if chance < 0.05 and not self.under_way:
            # While a message is held up, QuickBooks keeps its memory: see _poll.
            after = self.draw.choice(["before", "within", "after"])
            self.note(f"QuickBooks dies {after} the next message")
            if after == "before":
                books.faults.kill_before()
            elif after == "within":
                books.faults.kill_after(self.draw.randint(1, 6))
            else:
                books.faults.kill_after_commit()
        elif chance < 0.10:
            kind = self.draw.choice(
                ["CustomerAdd", "ItemNonInventoryAdd", "InvoiceAdd", "ReceivePaymentAdd", "BillAdd", "PurchaseOrderAdd"]
            )
            code = self.draw.choice([3175, 3176, 3180, 1000, 3140, 3210])
            self.note(f"the next {kind} is refused with {code}")
            books.faults.refuse_next(kind, code, "another user has it locked" if code == 3180 else "")
        elif chance < 0.12 and books.message_sets.capacity is not None:
            # A QuickBooks that forgets, and a message that it carries out late, are one too many: see _poll.
            self.note("QuickBooks cannot store what it did")
            books.faults.fail_to_store()
        elif chance < 0.15:
            code = self.draw.choice(["0x80040400", "0x80040402", "0x8004040D", "0x800706BA"])
            self.note(f"the next message fails with {code}")
            books.faults.hresult_next(code)


def play(engine: Engine, seed: int, *, interference: float = 0.04, **wanted: Any) -> Played:
    """-> what came of the schedule of this seed.

    `wanted`: the company's settings, drawn otherwise, and `capacity`, how many message sets QuickBooks remembers.
    `interference`: how often another connector polls in the middle of a session.
    """
    draw = random.Random(seed)
    capacity = draw.choice([0, 1, 5, None, None])
    drawn = {
        "batch": draw.choice([1, 3, 7, 250, 250, 250]),
        "macros": draw.choice(["yes", "no"]),
        "link_bills": draw.choice(["yes", "no"]),
        "billable": draw.choice(["yes", "no"]),
    }
    capacity = wanted.pop("capacity", capacity)
    world = World.new(engine, seed, **{**drawn, **wanted})
    world.books.message_sets.capacity = capacity
    played = Played(seed)
    player = Player(world, draw, played, interference=interference)
    with world.gone():
        connectors = [world.connector(), world.connector()]
        for _ in range(draw.randint(1, 3)):
            player.new_order()
        for _ in range(POLLS):
            player.poll(draw.choice(connectors))
        calm_down(player, connectors[0])
        played.verdict = judge(world)
    return played


def calm_down(player: Player, connector: Connector) -> None:
    """No more faults; what waits rests no longer, and what a person would have tried again is tried again."""
    world = player.world
    service = world.service
    service.kill_before_commit = service.kill_after_commit = service.refuse_commit = None
    world.books.faults = type(world.books.faults)()
    while player.under_way:
        player.arrive_late()
    while player.late:
        player.deliver_late()
    for _ in range(CALM_POLLS):
        world.clock.advance(3700)
        player.poll(connector, calm=True)
        retried = world.retry_refused()
        if not retried and world.quiet():
            return
    player.note("it never calmed down")
