"""Reading a .qwc file as the Web Connector does when it is added (contract.md part 4)."""

import ipaddress
import pathlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

_NEEDED = ("AppName", "AppID", "AppURL", "AppDescription", "AppSupport", "UserName", "OwnerID", "FileID", "QBType")
_GUID = re.compile(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", re.IGNORECASE)


@dataclass(eq=False)
class QwcRefused(ValueError):
    """The Web Connector does not add the application; `code` is the number that it shows."""

    code: str
    rule: str

    def __str__(self) -> str:
        return f"{self.code}: {self.rule}"


@dataclass(frozen=True)
class Qwc:
    """`every_seconds` is None when there is no Scheduler."""

    app_name: str
    app_url: str
    app_support: str
    cert_url: str
    user_name: str
    owner_id: str
    file_id: str
    every_seconds: int | None


def read(source: str | pathlib.Path) -> Qwc:
    """-> what a .qwc file says: its text, or its path. Raises QwcRefused."""
    text = source if isinstance(source, str) and source.lstrip("\ufeff \r\n").startswith("<") else None
    content = text.encode() if text is not None else pathlib.Path(source).read_bytes()
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise QwcRefused("QBWC1039", f"the file is not well-formed XML: {error.msg}") from None
    if root.tag != "QBWCXML":
        raise QwcRefused("QBWC1039", f"the file begins with {root.tag!r}, not with QBWCXML")
    values = {str(child.tag): (child.text or "").strip() for child in root.iterchildren(tag=etree.Element)}
    _check(values)
    return Qwc(
        app_name=values["AppName"],
        app_url=values["AppURL"],
        app_support=values["AppSupport"],
        cert_url=values.get("CertURL") or values["AppURL"],
        user_name=values["UserName"],
        owner_id=values["OwnerID"],
        file_id=values["FileID"],
        every_seconds=_interval(root),
    )


def _check(values: dict[str, str]) -> None:
    for name in _NEEDED:
        if name not in values or (name != "AppID" and not values[name]):
            raise QwcRefused("QBWC1039", f"{name} is missing or empty")
    for name in ("OwnerID", "FileID"):
        if not _GUID.fullmatch(values[name]):
            raise QwcRefused("QBWC1039", f"{name} is not a GUID in braces")
    if values["QBType"] != "QBFS":
        raise QwcRefused("QBWC1039", f"QBType is {values['QBType']}; here is QuickBooks Financial Software (QBFS) only")
    if values.get("Style", "Document") != "Document":
        raise QwcRefused("QBWC1039", f"Style {values['Style']} is not simulated, only Document")
    if values.get("IsReadOnly", "false").lower() == "true":
        raise QwcRefused("QBWC1039", "IsReadOnly is true, so that the FileID cannot be written (status 3263)")
    app, support = urlsplit(values["AppURL"]), urlsplit(values["AppSupport"])
    for code, name, host in (("QBWC1001", "AppURL", app.hostname), ("QBWC1002", "AppSupport", support.hostname)):
        if host is None or _is_ip(host):
            raise QwcRefused(code, f"{name} must name a host, and not by its IP address")
    if app.scheme != "https" and app.hostname != "localhost":
        raise QwcRefused("QBWC1010", "AppURL is not https")
    if app.hostname != "localhost" and _domain(app.hostname) != _domain(support.hostname):
        raise QwcRefused("QBWC1000", "AppURL and AppSupport are of two domains")


def _interval(root: etree._Element) -> int | None:
    """-> the seconds between two updates; of two intervals the first in document order wins (contract.md part 3)."""
    for element in root.iterfind("Scheduler/*"):
        seconds = {"RunEveryNMinutes": 60, "RunEveryNSeconds": 1}.get(str(element.tag))
        if seconds is not None and (element.text or "").strip().isdecimal():
            return int((element.text or "").strip()) * seconds
    return None


def _domain(host: str | None) -> str:
    return ".".join((host or "").lower().split(".")[-2:])


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
