"""Answers as QuickBooks would give them, made from a message by its requestIDs alone."""

import re

ACCOUNTS = (
    "<AccountRet><ListID>A-1</ListID><FullName>Sales</FullName><AccountType>Income</AccountType></AccountRet>"
    "<AccountRet><ListID>A-2</ListID><FullName>Costs</FullName><AccountType>CostOfGoodsSold</AccountType></AccountRet>"
)
TRANSACTIONS = ("InvoiceAdd", "ReceivePaymentAdd", "BillAdd", "PurchaseOrderAdd")


def requests_of(message: str) -> list[tuple[str, str]]:
    """-> kind and requestID of each request."""
    return re.findall(r'<(\w+)Rq requestID="([^"]+)"', message)


def answer(message: str, refuse: dict[str, int] | None = None, ids: str = "X") -> str:
    """-> QuickBooks took everything, but for what `refuse` gives a status code."""
    parts = []
    for kind, request_id in requests_of(message):
        code = (refuse or {}).get(kind, 0)
        inside = ""
        if kind == "AccountQuery":
            inside = ACCOUNTS
        elif kind.endswith("Add") and code == 0:
            tag = "TxnID" if kind in TRANSACTIONS else "ListID"
            inside = f"<{kind[:-3]}Ret><{tag}>{ids}-{request_id}</{tag}></{kind[:-3]}Ret>"
        elif kind.endswith("Query"):
            code = 1
        severity = "Info" if code < 500 else "Error"
        parts.append(
            f'<{kind}Rs requestID="{request_id}" statusCode="{code}" statusSeverity="{severity}" '
            f'statusMessage="said">{inside}</{kind}Rs>'
        )
    return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>{"".join(parts)}</QBXMLMsgsRs></QBXML>'
