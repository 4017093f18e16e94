"""A page as a browser holds it: its forms' fields, to be changed and sent, and what there is to read."""

from lxml import html


def fields_of(page: str, action: str) -> dict[str, str]:
    """-> what a browser would send of the form with this action, were nothing changed on the page."""
    forms = [form for form in html.fromstring(page.encode()).forms if form.get("action") == action]
    assert forms, f"no form for {action}"
    return dict(forms[0].form_values())


def text_of(page: str) -> str:
    """-> what there is to read on a page or a part of one, in one line."""
    root = html.fromstring(page.encode())
    body = root.find("body")
    return " ".join(" ".join((root if body is None else body).itertext()).split())
