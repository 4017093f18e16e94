"""The .qwc file: complete, escaped, stable, without a secret, and what the Web Connector takes."""

import datetime as dt
from dataclasses import replace

import pytest
from lxml import etree

from qbwc_service.companies import qwc
from qbwc_service.db.companies import Company

COMPANY = Company(
    id=7,
    name="Smith & Söhne <\"x\"> 'y'",
    username="qbwc-0123456789ab",
    owner_id="{57F3B9B1-86F1-4FCC-B1EE-566DE1813D20}",
    file_id="{90A44FB5-33D9-4815-AC85-BC87A7E7D1EB}",
    company_file=None,
    every_minutes=5,
    settings="{}",
    created_at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
)
URL = "https://books.example.com"


def values(text):
    return {child.tag: child.text for child in etree.fromstring(text.encode())}


def test_every_needed_element_is_there_and_the_check_finds_nothing():
    text = qwc.write(COMPANY, URL)
    assert qwc.check(text) == []
    assert values(text) | {"Scheduler": None} == {
        "AppName": f"qbwc {COMPANY.name}",
        "AppID": None,
        "AppURL": f"{URL}/qbwc",
        "AppDescription": f"Sends finished orders of {COMPANY.name} to QuickBooks",
        "AppSupport": f"{URL}/support",
        "AppUniqueName": f"qbwc {COMPANY.name}",
        "UserName": COMPANY.username,
        "OwnerID": COMPANY.owner_id,
        "FileID": COMPANY.file_id,
        "QBType": "QBFS",
        "Style": "Document",
        "AuthFlags": "0xF",
        "IsReadOnly": "false",
        "PersonalDataPref": "pdpNotNeeded",
        "UnattendedModePref": "umpOptional",
        "Notify": "false",
        "Scheduler": None,
    }


def test_what_is_no_plain_text_in_a_name_is_escaped():
    """A name cannot become markup of the file: it is told whole, and the file has the elements that it always has."""
    name = "</AppName><AppURL>http://evil.example/</AppURL><!-- ]]> &amp; \" ' é"
    evil = values(qwc.write(replace(COMPANY, name=name), URL))
    assert list(evil) == list(values(qwc.write(COMPANY, URL)))
    assert evil["AppURL"] == f"{URL}/qbwc"
    assert evil["AppName"] == f"qbwc {name}"


def test_the_file_is_the_same_each_time():
    assert qwc.write(COMPANY, URL) == qwc.write(COMPANY, URL)


def test_a_long_name_leaves_the_description_within_80_characters():
    text = qwc.write(replace(COMPANY, name="&" * 200), URL)
    assert len(values(text)["AppDescription"]) <= 80
    assert values(text)["AppName"] == "qbwc " + "&" * 200


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://books.example.com", "QBWC1010"),
        ("https://192.168.0.175", "QBWC1001"),
        ("https://[::1]", "QBWC1001"),
    ],
)
def test_an_address_that_the_web_connector_refuses_is_refused_with_its_code(url, code):
    with pytest.raises(qwc.QwcFault) as caught:
        qwc.write(COMPANY, url)
    assert caught.value.code == code


def test_localhost_may_be_without_https():
    assert qwc.check(qwc.write(COMPANY, "http://localhost:8080")) == []


@pytest.mark.parametrize(
    ("old", "new", "element"),
    [
        ("<QBType>QBFS</QBType>", "", "QBType"),
        ("QBFS", "QBXX", "QBType"),
        ("{57F3B9B1", "57F3B9B1", "OwnerID"),
        ("<IsReadOnly>false", "<IsReadOnly>true", "IsReadOnly"),
        ("books.example.com/support", "help.example.com/support", "AppSupport"),
        ("</QBWCXML>", "", "the file"),
        ("<UserName>qbwc-0123456789ab", "<UserName>", "UserName"),
    ],
)
def test_the_check_finds_what_is_wrong(old, new, element):
    text = qwc.write(COMPANY, URL)
    assert old in text
    assert element in [fault.element for fault in qwc.check(text.replace(old, new))]
