"""What QuickBooks tells of a record: its own fields and those that follow from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from .grammar import Version
from .purchases import is_fully_received
from .records import ZERO, Link, Record, money
from .shapes import arrange
from .tree import Node, aggregate, leaf

# contract.md 6.3: below it, a status check answers with bare statuses.
RECOVERY_SINCE: Version = (11, 0)


@dataclass(frozen=True)
class Balances:
    """What each customer owes and each vendor is owed, by ListID; `with_jobs` adds a customer's jobs."""

    own: Mapping[str, Decimal]
    with_jobs: Mapping[str, Decimal]


NOTHING_OWED = Balances({}, {})


def ret(record: Record, version: Version, balances: Balances | None = None) -> Node:
    """-> the Ret of a record in that version of qbXML."""
    id_element = "TxnID" if record.is_transaction else "ListID"
    told = [
        leaf(id_element, record.id),
        leaf("TimeCreated", record.created.isoformat(timespec="seconds")),
        leaf("TimeModified", record.modified.isoformat(timespec="seconds")),
        leaf("EditSequence", record.edit_sequence),
    ]
    if record.number is not None:
        told.append(leaf("TxnNumber", str(record.number)))
    told += record.fields
    told += _sums(record)
    told += [_link(link) for link in record.links if record.kind != "ReceivePayment"]
    if balances is not None:
        told.append(leaf("Balance", money(balances.own.get(record.id, ZERO))))
        told.append(leaf("TotalBalance", money(balances.with_jobs.get(record.id, ZERO))))
    return arrange(f"{record.kind}Ret", told, version)


def _sums(record: Record) -> list[Node]:
    match record.kind:
        case "Invoice":
            return [
                leaf("AppliedAmount", money(-record.applied)),
                leaf("BalanceRemaining", money(record.balance)),
                leaf("IsPaid", "true" if record.is_paid else "false"),
            ]
        case "ReceivePayment":
            return [leaf("UnusedPayment", money(record.balance))]
        case "Bill":
            return [
                leaf("AmountDue", money(record.total)),
                leaf("OpenAmount", money(record.balance)),
                leaf("IsPaid", "true" if record.is_paid else "false"),
            ]
        case "PurchaseOrder":
            return [
                leaf("TotalAmount", money(record.total)),
                leaf("IsFullyReceived", "true" if is_fully_received(record) else "false"),
            ]
    return []


def _link(link: Link) -> Node:
    return aggregate(
        "LinkedTxn",
        leaf("TxnID", link.txn_id),
        leaf("TxnType", link.kind),
        leaf("TxnDate", link.date),
        leaf("RefNumber", link.ref_number) if link.ref_number is not None else None,
        leaf("LinkType", "QUANTYPE" if link.by_quantity else "AMTTYPE"),
        leaf("Amount", money(link.amount)),
    )


def recovery(record: Record) -> Node:
    """-> ErrorRecovery, by which a lost answer is made good (contract.md 6.3)."""
    return aggregate(
        "ErrorRecovery",
        leaf("TxnID" if record.is_transaction else "ListID", record.id),
        leaf("TxnNumber", str(record.number)) if record.number is not None else None,
        leaf("EditSequence", record.edit_sequence),
        next((node for node in record.fields if node.name == "ExternalGUID"), None),
    )
