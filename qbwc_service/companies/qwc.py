"""The .qwc file of a company: what its admin gives to the Web Connector (contract.md part 4). It holds no secret."""

import ipaddress
import re
import string
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from lxml import etree

from ..db.companies import Company
from ..package_files import folder
from ..settings import LOCAL_HOSTS

LONGEST_DESCRIPTION = 80
_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_NEEDED = ("AppName", "AppID", "AppURL", "AppDescription", "AppSupport", "UserName", "OwnerID", "FileID", "QBType")
_CHOICES = {
    "QBType": ("QBFS", "QBPOS"),
    "Style": ("Document", "DocWrapped", "RPC"),
    "IsReadOnly": ("false",),  # true would refuse the connector's own stamp: QBWC1039
    "PersonalDataPref": ("pdpNotNeeded", "pdpOptional", "pdpRequired"),
    "UnattendedModePref": ("umpRequired", "umpOptional"),
    "Notify": ("true", "false"),
}


@dataclass(frozen=True)
class QwcFault(Exception):
    """Something in a .qwc file that the Web Connector would refuse; `code` is its error number, if one is known."""

    element: str
    rule: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.element}: {self.rule}" + (f" ({self.code})" if self.code else "")


def write(company: Company, public_url: str) -> str:
    """-> the file's text; the same for the same company and address, so it may be downloaded again and again.

    Raises QwcFault when the public address is one that the Web Connector does not take.
    """
    template = string.Template((folder("qwc_templates") / "desktop.qwc").read_text(encoding="utf-8"))
    values = {
        "app_name": f"qbwc {company.name}",
        "app_url": f"{public_url}/qbwc",
        "description": f"Sends finished orders of {company.name} to QuickBooks"[:LONGEST_DESCRIPTION],
        "support_url": f"{public_url}/support",
        "username": company.username,
        "owner_id": company.owner_id,
        "file_id": company.file_id,
        "every_minutes": str(company.every_minutes),
    }
    text = template.substitute({name: escape(value) for name, value in values.items()})
    faults = check(text)
    if faults:
        raise faults[0]
    return text


def check(text: str) -> list[QwcFault]:
    """-> what the Web Connector would refuse in a .qwc file; empty when it is good."""
    try:
        root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        return [QwcFault("the file", f"is not well-formed XML: {error.msg}")]
    if root.tag != "QBWCXML":
        return [QwcFault(str(root.tag), "is not QBWCXML, which a .qwc file begins with")]
    values = {str(child.tag): (child.text or "").strip() for child in root}
    faults = [QwcFault(name, "is missing", "QBWC1039") for name in _NEEDED if name not in values]
    faults += [QwcFault(name, "is empty", "QBWC1039") for name in _NEEDED if values.get(name) == "" and name != "AppID"]
    faults += [
        QwcFault(name, f"is none of {', '.join(allowed)}")
        for name, allowed in _CHOICES.items()
        if name in values and values[name] not in allowed
    ]
    faults += [
        QwcFault(name, "is not a GUID in braces", "QBWC1039")
        for name in ("OwnerID", "FileID")
        if name in values and not _GUID.fullmatch(values[name])
    ]
    if len(values.get("AppDescription", "")) > LONGEST_DESCRIPTION:
        faults.append(QwcFault("AppDescription", f"is longer than {LONGEST_DESCRIPTION} characters"))
    faults += _address_faults(values)
    return faults


def _address_faults(values: dict[str, str]) -> list[QwcFault]:
    app, support = urlsplit(values.get("AppURL", "")), urlsplit(values.get("AppSupport", ""))
    if not app.hostname or not support.hostname:
        return [
            QwcFault(name, "is not a web address")
            for name, parts in (("AppURL", app), ("AppSupport", support))
            if not parts.hostname
        ]
    faults = []
    if app.scheme != "https" and app.hostname not in LOCAL_HOSTS:
        faults.append(QwcFault("AppURL", "must be https, but for localhost", "QBWC1010"))
    if app.hostname != support.hostname:
        faults.append(QwcFault("AppSupport", "must be at the same host as AppURL", "QBWC1000"))
    for name, host, code in (("AppURL", app.hostname, "QBWC1001"), ("AppSupport", support.hostname, "QBWC1002")):
        if _is_address(host):
            faults.append(QwcFault(name, "must name its host, not give its IP address", code))
    return faults


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
