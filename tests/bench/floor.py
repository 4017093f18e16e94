"""The floor: a naive program that posts the same orders and does nothing else.

It formats the XML, parses the answer once, and writes a row a document by executemany. It checks nothing, escapes
nothing, remembers nothing of what is under way; so nobody should run it, and nobody will post an order for much less.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree
from sqlalchemy.engine import Engine

NON = "80000024-1795561785"  # a ListID is as long as any other


@dataclass(frozen=True)
class Line:
    item: str
    quantity: str
    rate: str
    cost: str


@dataclass(frozen=True)
class Sale:
    """What the naive program knows of an order: QuickBooks' ids, and the lines."""

    number: str
    customer: str
    vendor: str
    lines: Sequence[Line]


def sales(numbers: Sequence[str]) -> list[Sale]:
    lines = [Line(f"8000002{line}-1795561785", "42", "2.3", "1.15") for line in range(3)]
    return [Sale(number, "80000027-1795561785", "80000030-1795561785", lines) for number in numbers]


def message(set_id: str, orders: Sequence[Sale]) -> str:
    """-> the same requests as the service writes (test_bench holds the two against each other)."""
    parts = [
        '<?xml version="1.0" encoding="utf-8"?><?qbxml version="16.0"?>'
        f'<QBXML><QBXMLMsgsRq onError="continueOnError" newMessageSetID="{set_id}">'
    ]
    for order in orders:
        number = order.number
        parts.append(
            f'<InvoiceAddRq requestID="1-{number}1"><InvoiceAdd defMacro="TxnID:J{number}"><CustomerRef><ListID>'
            f"{order.customer}</ListID></CustomerRef><TxnDate>2026-11-20</TxnDate><RefNumber>{number}</RefNumber>"
            "<Memo>[qb:HY35F6TMZ5YY3L7I]</Memo>"
        )
        parts += [
            f"<InvoiceLineAdd><ItemRef><ListID>{line.item}</ListID></ItemRef><Desc>Almond - 11 oz/Stoneware</Desc>"
            f"<Quantity>{line.quantity}</Quantity><Rate>{line.rate}</Rate><SalesTaxCodeRef><ListID>{NON}</ListID>"
            "</SalesTaxCodeRef></InvoiceLineAdd>"
            for line in order.lines
        ]
        parts.append(
            f'</InvoiceAdd></InvoiceAddRq><ReceivePaymentAddRq requestID="1-{number}2"><ReceivePaymentAdd>'
            f"<CustomerRef><ListID>{order.customer}</ListID></CustomerRef><TxnDate>2026-11-20</TxnDate><RefNumber>"
            f"{number}</RefNumber><TotalAmount>20.00</TotalAmount><PaymentMethodRef><ListID>8000001D-1795561785"
            f"</ListID></PaymentMethodRef><Memo>Order {number} [qb:NDNPJASRWVVAEG43]</Memo><AppliedToTxnAdd>"
            f'<TxnID useMacro="TxnID:J{number}"/><PaymentAmount>20.00</PaymentAmount></AppliedToTxnAdd>'
            f'</ReceivePaymentAdd></ReceivePaymentAddRq><PurchaseOrderAddRq requestID="1-{number}3">'
            f"<PurchaseOrderAdd><VendorRef><ListID>{order.vendor}</ListID></VendorRef><TxnDate>2026-11-20</TxnDate>"
            f"<RefNumber>{number}-1</RefNumber><Memo>Order {number} [qb:4UOXOPTYEK5YHNND]</Memo>"
        )
        parts += [
            f"<PurchaseOrderLineAdd><ItemRef><ListID>{line.item}</ListID></ItemRef><Desc>Almond - 11 oz/Stoneware"
            f"</Desc><Quantity>{line.quantity}</Quantity><Rate>{line.cost}</Rate></PurchaseOrderLineAdd>"
            for line in order.lines
        ]
        parts.append(
            f'</PurchaseOrderAdd></PurchaseOrderAddRq><BillAddRq requestID="1-{number}4"><BillAdd><VendorRef><ListID>'
            f"{order.vendor}</ListID></VendorRef><TxnDate>2026-11-20</TxnDate><RefNumber>INV-{number}</RefNumber>"
            f"<Memo>Order {number} [qb:4QCGVYENXY26YPKA]</Memo>"
        )
        parts += [
            f"<ItemLineAdd><ItemRef><ListID>{line.item}</ListID></ItemRef><Desc>Almond - 11 oz/Stoneware</Desc>"
            f"<Quantity>{line.quantity}</Quantity><Cost>{line.cost}</Cost></ItemLineAdd>"
            for line in order.lines
        ]
        parts.append("</BillAdd></BillAddRq>")
    parts.append("</QBXMLMsgsRq></QBXML>")
    return "".join(parts)


def saved(answer: str) -> list[tuple[str, str, str, str]]:
    """-> requestID, statusCode, TxnID and EditSequence of each document of an answer."""
    (set_,) = etree.fromstring(re.sub(r"^<\?xml[^>]*>", "", answer))
    return [
        (
            response.get("requestID", ""),
            response.get("statusCode", ""),
            response.findtext("*/TxnID", ""),
            response.findtext("*/EditSequence", ""),
        )
        for response in set_
    ]


class Books:
    """The naive program's one table, in a database of either kind, through the bare driver."""

    def __init__(self, engine: Engine) -> None:
        self._connection: Any = engine.raw_connection()
        mark = "?" if engine.dialect.name == "sqlite" else "%s"
        self._insert = f"INSERT INTO floor_documents VALUES ({mark}, {mark}, {mark}, {mark})"
        self._run("CREATE TABLE floor_documents (request TEXT, status TEXT, txn_id TEXT, edit_sequence TEXT)")

    def write(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        cursor = self._connection.cursor()
        cursor.execute("BEGIN")
        cursor.executemany(self._insert, rows)
        cursor.execute("COMMIT")

    def close(self) -> None:
        self._run("DROP TABLE floor_documents")
        self._connection.close()

    def _run(self, statement: str) -> None:
        cursor = self._connection.cursor()
        cursor.execute(statement)
        self._connection.commit()


def post(books: Books, orders: Sequence[Sale], answers: Sequence[str]) -> None:
    """Posts orders in so many messages as there are answers, and takes those."""
    most = math.ceil(len(orders) / len(answers))
    for number, answer in enumerate(answers):
        message(f"M{number}", orders[number * most : (number + 1) * most])
        books.write(saved(answer))
