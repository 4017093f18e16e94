"""Who may send what: every kind of document, every way to see a company (security.md 4.3, test 48)."""

import datetime as dt
import itertools

import pytest

from qbwc_service import orders, people
from qbwc_service.companies import account, preferences
from qbwc_service.db import companies
from qbwc_service.db import jobs as job_table
from qbwc_service.db import people as table
from qbwc_service.people import NotAllowed, Right
from qbwc_service.posting import send as sending
from qbwc_service.posting.plan import Choices
from tests.faults.world import KEYS
from tests.orders import as_text, make_order

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
SETTING = {Right.INVOICE: "allow_invoices", Right.BILL: "allow_bills", Right.PURCHASE_ORDER: "allow_purchase_orders"}
CHOICES = {
    Right.INVOICE: Choices(),
    Right.BILL: Choices(invoice=False, bill=True),
    Right.PURCHASE_ORDER: Choices(invoice=False, purchase_order=True),
}


class Office:
    """A company; an admin, and clerks who see it as one chosen, through a team, or only when it is for everyone."""

    def __init__(self, engine):
        self.engine = engine
        with engine.begin() as db:
            self.company, _ = account.add(db, KEYS, "ABC", None, 5, NOW)
            self.users = {
                name: table.put(db, email=f"{name}@example.com", name=name, is_admin=name == "admin", now=NOW)
                for name in ("admin", "chosen", "member", "stranger")
            }
            team = table.put_team(db, "Books")
            table.set_members(db, team, [self.users["member"].id])
            table.set_viewers(db, self.company.id, [team], [self.users["chosen"].id])
            (order,) = orders.read(as_text(make_order("1001")))
            sending.store(db, self.company, order, NOW)

    def set(self, visible, allowed):
        with self.engine.begin() as db:
            said = {SETTING[right]: "yes" if right in allowed else "no" for right in Right}
            wanted = preferences.change(preferences.Preferences(), {"visible": visible, **said})
            companies.save_settings(db, self.company.id, preferences.dump(wanted))

    def sends(self, name, right):
        """-> whether the user's sending of this kind goes through; nothing of it stays."""
        with self.engine.connect() as db, db.begin() as transaction:
            company = companies.by_id(db, self.company.id)
            rights = people.rights_of(db, self.users[name], company)
            try:
                sending.send(db, company, "1001", CHOICES[right], NOW, rights)
                asked = job_table.jobs.c.order_id.is_not(None)
                assert db.execute(job_table.jobs.select().where(asked)).first() is not None
                return True
            except NotAllowed as error:
                return right not in error.rights
            finally:
                transaction.rollback()


@pytest.fixture
def office(engine):
    return Office(engine)


def test_only_what_the_settings_allow_is_sent_by_those_who_see_the_company(office):
    for visible, count in itertools.product(("everyone", "chosen"), range(len(Right) + 1)):
        for allowed in itertools.combinations(Right, count):
            office.set(visible, allowed)
            for right in Right:
                sees = {"admin": True, "chosen": True, "member": True, "stranger": visible == "everyone"}
                for name, seen in sees.items():
                    expected = name == "admin" or (seen and right in allowed)
                    assert office.sends(name, right) is expected, (visible, allowed, right, name)


def test_what_is_sent_together_needs_each_of_its_rights(office):
    office.set("everyone", (Right.INVOICE,))
    with office.engine.begin() as db:
        company = companies.by_id(db, office.company.id)
        rights = people.rights_of(db, office.users["stranger"], company)
        with pytest.raises(NotAllowed) as refused:
            sending.send(db, company, "1001", Choices(bill=True, purchase_order=True), NOW, rights)
    assert set(refused.value.rights) == {Right.BILL, Right.PURCHASE_ORDER}


def test_who_leaves_the_team_or_is_no_longer_chosen_sends_nothing(office):
    office.set("chosen", tuple(Right))
    with office.engine.begin() as db:
        table.set_viewers(db, office.company.id, [], [])
    assert [office.sends(name, Right.INVOICE) for name in office.users] == [True, False, False, False]
