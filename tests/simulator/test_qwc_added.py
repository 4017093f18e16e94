"""What happens when a .qwc file is added to the Web Connector (contract.md part 4 and 1.6)."""

import pytest

from qbwc_service.simulator import Company, WebConnector
from qbwc_service.simulator.qwc import QwcRefused, read
from qbwc_service.simulator.web_connector import look_up

from .polling import NO_WAIT, SESSION, customer_add
from .soap_service import served

OWNER = "{57F3B9B6-86F1-4FCC-B1EE-566DE1813D20}"
FILE = "{90A44FB5-33D9-4815-AC85-BC87A7E7D1EB}"
OTHER_FILE = "{11111111-33D9-4815-AC85-BC87A7E7D1EB}"
ELEMENTS = {
    "AppName": "qbwc Ann's Shop",
    "AppID": "",
    "AppURL": "https://books.example.com/qbwc",
    "AppDescription": "Orders",
    "AppSupport": "https://www.example.com/support",
    "UserName": "ann",
    "OwnerID": OWNER,
    "FileID": FILE,
    "QBType": "QBFS",
    "IsReadOnly": "false",
    "Scheduler": "<RunEveryNMinutes>5</RunEveryNMinutes>",
}


def qwc(**changed):
    """-> the text of a .qwc file; None leaves an element out."""
    elements = {name: value for name, value in {**ELEMENTS, **changed}.items() if value is not None}
    content = "".join(f"<{name}>{value}</{name}>" for name, value in elements.items())
    return f'<?xml version="1.0" encoding="utf-8"?><QBWCXML>{content}</QBWCXML>'


def test_a_file_is_read_from_its_text_or_its_path(tmp_path):
    path = tmp_path / "books.qwc"
    path.write_text(qwc(), encoding="utf-8")
    assert read(path) == read(str(path)) == read(qwc())
    assert (read(path).app_name, read(path).user_name, read(path).every_seconds) == ("qbwc Ann's Shop", "ann", 300)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"AppURL": "http://books.example.com/qbwc"}, "QBWC1010"),
        ({"AppURL": "https://192.168.0.7/qbwc"}, "QBWC1001"),
        ({"AppURL": "https://[::1]/qbwc"}, "QBWC1001"),
        ({"AppURL": "books"}, "QBWC1001"),
        ({"AppSupport": "https://10.0.0.1/support"}, "QBWC1002"),
        ({"AppSupport": "https://example.org/support"}, "QBWC1000"),
        ({"AppID": None}, "QBWC1039"),
        ({"AppDescription": ""}, "QBWC1039"),
        ({"OwnerID": OWNER.strip("{}")}, "QBWC1039"),
        ({"FileID": None}, "QBWC1039"),
        ({"QBType": "QBPOS"}, "QBWC1039"),
        ({"Style": "RPC"}, "QBWC1039"),
        ({"IsReadOnly": "true"}, "QBWC1039"),
    ],
)
def test_a_file_that_the_connector_would_not_add_is_refused_with_its_code(changed, code):
    with pytest.raises(QwcRefused) as refused:
        read(qwc(**changed))
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["<QBWCXML>", "<Other />"])
def test_what_is_no_qwc_file_is_refused(text):
    with pytest.raises(QwcRefused):
        read(text)


def test_a_local_service_needs_neither_https_nor_the_same_domain():
    assert read(qwc(AppURL="http://localhost:8080/qbwc")).app_url == "http://localhost:8080/qbwc"


@pytest.mark.parametrize(
    ("scheduler", "seconds"),
    [
        ("<RunEveryNSeconds>30</RunEveryNSeconds><RunEveryNMinutes>5</RunEveryNMinutes>", 30),
        ("<RunEveryNMinutes>5</RunEveryNMinutes><RunEveryNSeconds>30</RunEveryNSeconds>", 300),
        (None, None),
    ],
)
def test_of_two_intervals_the_first_wins(scheduler, seconds):
    assert read(qwc(Scheduler=scheduler)).every_seconds == seconds


def test_adding_a_file_stamps_the_company():
    company = Company.new()
    WebConnector.from_qwc(qwc(), "secret", company)
    assert FILE.strip("{}").lower() in company.host_xml().lower()


def test_the_same_file_may_be_added_again():
    company = Company.new()
    for _ in range(2):
        WebConnector.from_qwc(qwc(), "secret", company)
    assert FILE.strip("{}").lower() in company.host_xml().lower()


def test_another_file_id_of_the_same_owner_is_refused():
    company = Company.new()
    WebConnector.from_qwc(qwc(), "secret", company)
    with pytest.raises(QwcRefused) as refused:
        WebConnector.from_qwc(qwc(FileID=OTHER_FILE), "secret", company)
    assert refused.value.code == "QBWC1039"


def test_the_service_is_told_the_stamp_and_the_lock():
    company = Company.new()
    with served() as service:
        service.says(authenticate=SESSION, sendRequestXML=customer_add("Ann"))
        polling = WebConnector.from_qwc(qwc(AppURL=service.url), "secret", company, switches=NO_WAIT, machine="ANNS-PC")
        assert polling.poll().status == "OK"
        told = service.arguments("sendRequestXML")[0]["strHCPResponse"]
    assert service.arguments("authenticate")[0] == {"strUserName": "ann", "strPassword": "secret"}
    assert FILE.strip("{}").lower() in told.lower()
    assert "LOCKED:ANNS-PC:" in told


def test_the_pages_of_a_file_are_looked_up_when_it_is_added():
    with served() as service:
        root = service.url.removesuffix("/qbwc")
        look_up(qwc(AppURL=service.url, AppSupport=f"{root}/support"))
        for changed, code in (({"AppSupport": f"{root}/gone"}, "QBWC1003"), ({"CertURL": f"{root}/gone"}, "QBWC1048")):
            with pytest.raises(QwcRefused) as refused:
                look_up(qwc(**{"AppURL": service.url, "AppSupport": f"{root}/support", **changed}))
            assert refused.value.code == code


def test_a_support_page_that_is_not_there_is_told():
    with pytest.raises(QwcRefused) as refused:
        look_up(qwc(AppURL="http://localhost:1/qbwc", AppSupport="http://localhost:1/support"))
    assert refused.value.code == "QBWC1004"
