"""What `qbwc simulate` runs: updates against any service, with a company kept in a JSON file."""

import pytest

from qbwc_service.simulator import Company, ContractBroken, simulate

from .polling import SESSION, customer_add, names
from .soap_service import served


@pytest.fixture
def service():
    with served() as started:
        yield started.says(
            authenticate=SESSION, sendRequestXML=(customer_add("Ann"), customer_add("Bob")), receiveResponseXML=100
        )


def test_what_was_posted_is_in_the_file_afterwards(service, tmp_path):
    file = tmp_path / "books.json"
    outcomes = simulate(service.url, "ann", "secret", file, 2)
    assert [(outcome.status, outcome.round_trips) for outcome in outcomes] == [("OK", 1), ("OK", 1)]
    assert names(Company.load(file)) == ["Ann", "Bob"]


def test_a_company_that_is_there_is_gone_on_with(service, tmp_path):
    file = tmp_path / "books.json"
    Company.new(name="Ann's Shop").save(file)
    for _ in range(2):
        simulate(service.url, "ann", "secret", file, 1)
    assert Company.load(file).name == "Ann's Shop"
    assert names(Company.load(file)) == ["Ann", "Bob"]


def test_what_was_posted_is_kept_though_the_service_breaks_the_contract(service, tmp_path):
    service.says(receiveResponseXML="much")
    file = tmp_path / "books.json"
    with pytest.raises(ContractBroken):
        simulate(service.url, "ann", "secret", file, 1)
    assert names(Company.load(file)) == ["Ann"]


def test_without_a_file_the_company_is_forgotten(service):
    (outcome,) = simulate(service.url, "ann", "secret", None)
    assert outcome.round_trips == 1


def test_the_service_is_told_no_stamp_that_the_file_does_not_have(service):
    simulate(service.url, "ann", "secret", None)
    assert "DataExtRet" not in service.arguments("sendRequestXML")[0]["strHCPResponse"]


def test_nothing_but_the_address_is_asked_for(service):
    simulate(service.url, "ann", "secret", None)
    assert service.gets == []
