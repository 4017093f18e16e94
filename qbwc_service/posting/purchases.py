"""The suppliers' side of an order: vendors, purchase orders, bills (product.md M12)."""

from collections.abc import Iterator
from decimal import Decimal

from qbxml.documents import BillAdd, BillItemLine, PurchaseOrderAdd, PurchaseOrderLine, VendorAdd
from qbxml.fields import Slot

from ..orders import Line, Supplier, cents
from ..wording import say
from .drafting import Document, DocumentLine, Drafting, ForSupplier, Note, Obstacle
from .naming import BILL_NUMBER, NAME, REF_NUMBER, marker, record_of, vendor_record


def buy(on: Drafting, position: int, supplier: Supplier, wanted: ForSupplier) -> None:
    """Plans what is ticked of purchase order and bill for one supplier of the order."""
    lines = [(index, line) for index, line in enumerate(on.order.lines) if line.supplier_id == supplier.id]
    if not lines:
        rule = say("no line of the order is this supplier's: nothing is sent to it")
        on.notes.append(Note(f"suppliers[{position}]", supplier.name, "", rule))
        return
    vendor = _vendor(on, position, supplier)
    purchase = _purchase_order(on, position, supplier, vendor, lines) if wanted.purchase_order else None
    if wanted.bill:
        _bill(on, position, supplier, vendor, lines, purchase, wanted.ap_account)


def _vendor(on: Drafting, position: int, supplier: Supplier) -> str:
    record = vendor_record(supplier.id)
    if record in on.linked or record in on.documents:
        return record
    path = f"suppliers[{position}].name"
    name = on.name(path, supplier.name, NAME, supplier.id)
    document = on.draft(
        path,
        lambda: VendorAdd(name=name, company_name=on.text(path, supplier.name, 41, silent=True)),
    )
    if document is not None:
        on.add(Document("Vendor", record, document, name=name, entity=name))
    return record


def _billable(on: Drafting) -> str | None:
    return on.customer() if on.preferences.billable else None


def _bought(on: Drafting, lines: list[tuple[int, Line]]) -> Iterator[tuple[str, Line, str | None, DocumentLine]]:
    """-> of each line its item's record, itself, what it says, and how it will look."""
    for index, line in lines:
        item, name = on.product(f"lines[{index}]", line)
        description = on.description(f"lines[{index}]", line)
        amount = cents(line.quantity * (line.cost or Decimal(0)))
        yield item, line, description, DocumentLine(name, line.quantity, description or "", line.cost, amount)


def _purchase_order(on: Drafting, position: int, supplier: Supplier, vendor: str, lines: list[tuple[int, Line]]) -> str:
    record = record_of("purchase_order", on.order.number, supplier.id)
    mark = marker(on.file_id, record)
    wanted = supplier.purchase_order_number or f"{on.order.number}-{position + 1}"
    number = on.number(f"suppliers[{position}].purchase_order_number", wanted, REF_NUMBER)
    customer = _billable(on)
    needs, shown = [vendor], []
    written = []
    for item, line, description, bought in _bought(on, lines):
        needs.append(item)
        shown.append(bought)
        written.append(
            PurchaseOrderLine(
                item=Slot(item),
                desc=description,
                quantity=line.quantity,
                rate=line.cost,
                customer=Slot(customer) if customer else None,
            )
        )
    if customer:
        needs.append(customer)
    document = on.draft(
        f"suppliers[{position}]",
        lambda: PurchaseOrderAdd(
            vendor=Slot(vendor),
            txn_date=on.order.completed_at.date(),
            ref_number=number,
            memo=on.memo(f"Order {on.order.number}", mark),
            lines=tuple(written),
        ),
    )
    if document is not None:
        total = sum((line.amount for line in shown), Decimal(0))
        entity = on.name_of(vendor, supplier.name)
        on.add(
            Document("PurchaseOrder", record, document, tuple(needs), None, number, mark, entity, tuple(shown), total)
        )
    return record


def _bill(
    on: Drafting,
    position: int,
    supplier: Supplier,
    vendor: str,
    lines: list[tuple[int, Line]],
    purchase_order: str | None,
    ap_account: str,
) -> None:
    record = record_of("bill", on.order.number, supplier.id)
    mark = marker(on.file_id, record)
    wanted = supplier.bill_number or f"{on.order.number}-{position + 1}"
    number = on.number(f"suppliers[{position}].bill_number", wanted, BILL_NUMBER)
    customer = _billable(on)
    link = purchase_order if on.preferences.link_bills else None
    missing = [index for index, line in lines if line.cost is None]
    on.obstacles += [Obstacle(f"lines[{index}].cost", say("is missing, and a bill needs it")) for index in missing]
    needs, shown = [vendor], []
    written = []
    for item, line, description, bought in _bought(on, lines):
        needs.append(item)
        shown.append(bought)
        written.append(
            BillItemLine(
                item=Slot(item),
                desc=description,
                quantity=line.quantity,
                cost=line.cost,
                customer=Slot(customer) if customer else None,
                billable_status="Billable" if customer else None,
            )
        )
    total = sum((line.amount for line in shown), Decimal(0))
    if total < 0:
        message = say("the bill would come to %(total)s; QuickBooks takes none below zero", total=total)
        on.obstacles.append(Obstacle(f"suppliers[{position}]", message))
    if customer:
        needs.append(customer)
    if link:
        needs.append(link)
    document = on.draft(
        f"suppliers[{position}]",
        lambda: BillAdd(
            vendor=Slot(vendor),
            ap_account=on.account(ap_account or on.preferences.ap_account),
            txn_date=on.order.completed_at.date(),
            ref_number=number,
            memo=on.memo(f"Order {on.order.number}", mark),
            link_to_txns=(Slot(link),) if link else (),
            # A linked purchase order brings its lines itself; written again they would stand there twice.
            item_lines=() if link else tuple(written),
        ),
    )
    if document is not None:
        entity = on.name_of(vendor, supplier.name)
        on.add(Document("Bill", record, document, tuple(needs), None, number, mark, entity, tuple(shown), total))
