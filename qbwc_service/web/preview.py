"""The preview of a sending: what QuickBooks would hold, tried with the very function that sends (product.md X5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.engine import Connection

from ..db import jobs as job_table
from ..db import lists as list_table
from ..db.engine import AnyRow
from ..db.lists import List
from ..db.states import State
from ..orders import Order
from ..people import NotAllowed
from ..posting import queue, resend
from ..posting import send as sending
from ..posting.drafting import Choices, Document, Plan
from ..posting.queue import LIST_KINDS
from ..posting.send import HELD_ALREADY, UnknownRecord
from . import places
from .page import Page
from .pickers import Party
from .places import Remark
from .send_form import CREATE, SendForm


class WrongChoice(Exception):
    """A record that cannot be chosen; `field` is the picker's, `message` is in the viewer's language."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True)
class Planned:
    """A document of the preview. `job`: it was asked for already, and stays as it was sent. `held`: QuickBooks has a
    record of this name, which is used."""

    document: Document
    job: AnyRow | None
    held: bool

    @property
    def is_record(self) -> bool:
        return self.document.kind in LIST_KINDS

    @property
    def added_tax(self) -> Decimal:
        """What QuickBooks is expected to add to the lines of an invoice, where it reckons the tax itself."""
        if self.document.kind != "Invoice" or self.document.total is None:
            return Decimal(0)
        return self.document.total - sum((line.amount for line in self.document.lines), Decimal(0))


@dataclass(frozen=True)
class Preview:
    """`new` is how many documents a sending would ask for; `dropped` are jobs of earlier ones, which it would take back
    and not ask for again."""

    documents: tuple[Planned, ...]
    notes: tuple[Remark, ...]
    obstacles: tuple[Remark, ...]
    dropped: tuple[AnyRow, ...] = ()

    @property
    def transactions(self) -> list[Planned]:
        return [one for one in self.documents if not one.is_record]

    @property
    def records(self) -> list[Planned]:
        return [one for one in self.documents if one.is_record]

    @property
    def new(self) -> int:
        return sum(one.job is None for one in self.documents)


def links_wanted(
    db: Connection, page: Page, parties: Sequence[Party], form: SendForm, choices: Choices, order: Order
) -> list[tuple[Party, str]]:
    """-> which of ours would be linked to which record: those chosen in the form that are not linked so already, of
    whom something is sent at all."""
    links = list_table.links_of(db, page.of.id, [party.record for party in parties])
    chosen = chosen_in(form)
    wanted = []
    for party in parties:
        list_id = chosen.get(party.field, "")
        link = links.get(party.record)
        if list_id and (link is None or link.list_id != list_id) and _takes_part(party, choices, order):
            wanted.append((party, list_id))
    return wanted


def require_not_linked(db: Connection, page: Page, parties: Sequence[Party], choices: Choices, order: Order) -> None:
    """Raises WrongChoice for one who was to be created and whom somebody linked while the window was open: the
    documents would go to another record than the preview showed."""
    creating = [party for party in parties if page.form.get(party.field) == CREATE]
    links = list_table.links_of(db, page.of.id, [party.record for party in creating])
    jobs = job_table.by_records(db, page.of.id, links)
    for party in creating:
        link, job = links.get(party.record), jobs.get(party.record)
        ours = job is not None and job.state != State.CANCELLED  # created by an earlier sending of this very choice
        if link is not None and not ours and _takes_part(party, choices, order):
            message = page.text(
                "%(ours)s was linked to %(theirs)s in QuickBooks while this window was open. Look at the preview, then "
                "send.",
                ours=party.name,
                theirs=link.name,
            )
            raise WrongChoice(party.field, message)


def chosen_in(form: SendForm) -> dict[str, str]:
    """-> by picker, the ListID that is chosen in the form."""
    return {"customer": form.customer} | {f"vendor-{index}": one.vendor for index, one in enumerate(form.suppliers)}


def _takes_part(party: Party, choices: Choices, order: Order) -> bool:
    if party.which is List.CUSTOMER:
        return choices.invoice or bool(choices.billable)
    supplier = choices.of(order.suppliers[int(party.field.removeprefix("vendor-"))].id)
    return supplier.bill or supplier.purchase_order


def link(db: Connection, page: Page, wanted: Sequence[tuple[Party, str]]) -> list[tuple[Party, str]]:
    """Makes these links; -> with the names that QuickBooks has. Raises WrongChoice."""
    made = []
    for party, list_id in wanted:
        try:
            made.append((party, sending.link(db, page.of, party.record, party.which, list_id, page.now)))
        except UnknownRecord:
            message = page.text("QuickBooks' list, as last read, does not hold this record any more. Choose another.")
            raise WrongChoice(party.field, message) from None
        except queue.NotNow:
            message = page.text(
                "%(name)s is being created in QuickBooks at this moment. Wait until that is settled, then choose.",
                name=party.name,
            )
            raise WrongChoice(party.field, message) from None
    return made


def tried(page: Page, order: Order, form: SendForm, parties: Sequence[Party]) -> Preview:
    """-> what a sending with this form would bring. What it would change on the way is tried in a transaction that is
    rolled back; where it would change nothing, nothing is held up."""
    choices = form.for_order(order)
    with page.reading() as db:
        wanted = links_wanted(db, page, parties, form, choices, order)
        if not wanted and not form.again:
            return _preview(db, page, order, choices)
    with page.writing() as db:
        try:
            link(db, page, wanted)
            taken: Sequence[AnyRow] = ()
            if form.again:
                taken = resend.take_back(db, page.of, order.number, choices, page.now, page.rights)
            shown = _preview(db, page, order, choices)
            planned = {one.document.record for one in shown.documents}
            return replace(shown, dropped=tuple(job for job in taken if job.record not in planned))
        except WrongChoice as error:
            fix = Remark("", error.message, fix=f"#field-{error.field}", field=error.field)
            return Preview((), (), (fix,))
        except NotAllowed:
            return Preview((), (), (Remark("", page.text("Some of it you may not send.")),))
        finally:
            db.rollback()


def _preview(db: Connection, page: Page, order: Order, choices: Choices) -> Preview:
    plan = sending.preview(db, page.of, order.number, choices)
    jobs = job_table.by_records(db, page.of.id, (document.record for document in plan.documents))
    held = {note.path for note in plan.notes if note.rule == HELD_ALREADY}
    return Preview(
        documents=tuple(_planned(document, jobs, held) for document in plan.documents),
        notes=_notes(page, plan, order, held),
        obstacles=tuple(places.in_the_way(page, obstacle, order) for obstacle in plan.obstacles),
    )


def _planned(document: Document, jobs: Mapping[str, AnyRow], held: set[str]) -> Planned:
    job = jobs.get(document.record)
    return Planned(document, None if job is None or job.state == State.CANCELLED else job, document.record in held)


def _notes(page: Page, plan: Plan, order: Order, held: set[str]) -> tuple[Remark, ...]:
    return tuple(places.noted(page, note, order) for note in plan.notes if note.path not in held)
