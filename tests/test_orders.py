"""What an order may hold, and what is told of one that may not."""

import json

import pytest

from qbwc_service import orders
from tests.orders import as_text, make_order
from tests.shared import shared


def faults_of(text: str) -> dict[str, str]:
    with pytest.raises(orders.OrderFaults) as caught:
        orders.read(text)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_the_example_order_is_taken_as_it_stands():
    (order,) = orders.read(shared("order.example.json").read_bytes())
    assert order.number == "1001"
    assert str(order.lines[0].rate) == "2.30"
    assert orders.stored(orders.content(order)) == order


def test_ten_faults_are_told_at_once_each_by_its_path():
    text = as_text(
        {
            "number": "",
            "completed_at": "2026-11-20",
            "customer": {"id": "C", "phone": 5},
            "lines": [
                {"quantity": 2, "rate": "1.000001"},
                {"product_number": "A", "quantity": "1", "rate": "x", "supplier_id": "S-9"},
            ],
            "discount": {},
            "tax": {"amount": "1.005"},
            "payments": [{"id": "P", "date": "20.11.2026", "amount": "-1"}],
            "colour": "red",
        }
    )
    found = faults_of(text)
    assert set(found) == {
        "number",
        "completed_at",
        "customer.name",
        "customer.phone",
        "lines[0].quantity",
        "lines[0].rate",
        "lines[1].rate",
        "lines[1].supplier_id",
        "discount",
        "tax.amount",
        "payments[0].date",
        "colour",
    }
    assert "string" in found["lines[0].quantity"]
    assert "5 decimals" in found["lines[0].rate"]
    assert "2 decimals" in found["tax.amount"]
    assert found["colour"] == "is not a field of an order"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"quantity": "1", "rate": "1"}]}, "lines[0]"),
        ({"discount": {"amount": "1", "percent": "2"}}, "discount"),
        ({"discount": {"percent": "101"}}, "discount"),
        ({"discount": {"amount": "-1"}}, "discount"),
        ({"completed_at": 5}, "completed_at"),
        ({"completed_at": "0001-01-01T00:00:00+14:00"}, "completed_at"),
        ({"memo": "a\x00b"}, "memo"),
        ({"memo": "a\ud800b"}, "memo"),
        ({"memo": "x" * 10_001}, "memo"),
        ({"lines": [{"product_number": "A", "quantity": "1e3", "rate": "1"}]}, "lines[0].quantity"),
        ({"lines": [{"product_number": "A", "quantity": "NaN", "rate": "1"}]}, "lines[0].quantity"),
        ({"lines": [{"product_number": "A", "quantity": "9" * 12, "rate": "1"}]}, "lines[0].quantity"),
        ({"lines": [{"product_number": "A", "quantity": "١", "rate": "1"}]}, "lines[0].quantity"),
        ({"payments": [{"id": "P", "date": "2026-11-20", "amount": "0"}]}, "payments[0]"),
        ({"suppliers": [{"id": "S-3", "name": "A"}, {"id": "S-3", "name": "B"}]}, "suppliers[1].id"),
        ({"customer": "ABC"}, "customer"),
    ],
)
def test_a_fault_is_told_by_its_path(change, path):
    assert path in faults_of(json.dumps(make_order(**change)))


def test_orders_come_as_one_as_an_array_or_a_line_each():
    first, second = make_order("1"), make_order("2")
    for text in (
        json.dumps([first, second]),
        json.dumps(first) + "\n" + json.dumps(second),
        json.dumps(first) + "\r\n\r\n" + json.dumps(second) + "\n",
    ):
        assert [order.number for order in orders.read(text)] == ["1", "2"]
    assert [order.number for order in orders.read(json.dumps(first, indent=2))] == ["1"]
    assert orders.read(b"\xef\xbb\xbf" + json.dumps(first).encode())[0].number == "1"


def test_of_several_orders_each_fault_says_which():
    found = faults_of(json.dumps([make_order("1"), make_order("2", tax={"amount": "x"}), make_order("1")]))
    assert set(found) == {"[1].tax.amount", "[2].number"}


@pytest.mark.parametrize("text", ["", "  \n", "[]", "{", "nonsense", "[" * 100_000, b"\xff\xfe{", "5", "null"])
def test_what_is_no_order_is_one_clear_fault(text):
    assert len(faults_of(text)) == 1


def test_a_key_that_stands_twice_is_refused():
    assert faults_of('{"number": "1", "number": "2"}') == {"number": "stands twice in one object"}


def test_orders_that_mean_the_same_are_the_same():
    (one,) = orders.read(as_text(make_order()))
    (other,) = orders.read(
        as_text(make_order(charges=[], completed_at="2026-11-20T20:04:00Z", discount={"amount": "11.5"}))
    )
    assert one == other


def test_differences_name_path_and_both_values():
    (one,) = orders.read(as_text(make_order()))
    lines = [{**make_order()["lines"][0], "rate": "2.40"}]
    (other,) = orders.read(as_text(make_order(lines=lines, payments=[])))
    assert orders.differences(one, other) == [
        'lines[0].rate: was "2.30", now "2.40"',
        "payments: was 1 of them, now 0 of them",
    ]


@pytest.mark.parametrize("number", ["1" * 40 + ".1234567", "9" * 5000, "0." + "0" * 5000 + "1"])
def test_a_number_of_ever_so_many_digits_is_a_fault_like_another(number):
    line = {**make_order()["lines"][0], "quantity": number}
    found = faults_of(as_text(make_order(lines=[line], charges=[{"name": "Setup", "amount": number}])))
    assert set(found) == {"lines[0].quantity", "charges[0].amount"}
    assert all(len(rule) < 150 for rule in found.values())
