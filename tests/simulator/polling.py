"""What the tests of the Web Connector share: a connector that never really sleeps, and messages for QuickBooks."""

from qbwc_service.simulator import Company, Switches, WebConnector

from .soap_service import TICKET, Service

NO_WAIT = Switches(expect_continue=False)  # wsgiref does not answer 100 Continue
SESSION = [TICKET, ""]


def customer_add(name):
    return (
        '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
        f'<CustomerAddRq requestID="1"><CustomerAdd><Name>{name}</Name></CustomerAdd></CustomerAddRq>'
        "</QBXMLMsgsRq></QBXML>"
    )


class Naps(list):
    """What the connector would have slept, in seconds."""

    def __call__(self, seconds):
        self.append(seconds)


def connector(service: Service, company=None, *, switches=NO_WAIT, **more):
    more.setdefault("sleep", Naps())
    return WebConnector(service.url, "user", "secret", company or Company.new(), switches=switches, **more)


def names(company):
    return [customer.name for customer in company.customers]
