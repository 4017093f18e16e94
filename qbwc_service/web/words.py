"""What states and kinds are called on the pages: plain words, translated where they are shown."""

from ..i18n import N_

STATES = {
    # of orders
    "new": N_("Not sent"),
    # of orders and documents
    "waiting": N_("Waiting"),
    "attention": N_("Needs a person"),
    "posted": N_("In QuickBooks"),
    # of documents
    "ready": N_("Waiting for the next poll"),
    "in_flight": N_("At QuickBooks now"),
    "in_doubt": N_("Outcome unknown, being checked"),
    "cancelled": N_("Cancelled"),
}
"""A state's icon is its class in app.css; its meaning never hangs on colour alone."""

KINDS = {
    "Customer": N_("Customer"),
    "Vendor": N_("Vendor"),
    "ItemNonInventory": N_("Item"),
    "ItemOtherCharge": N_("Charge item"),
    "ItemDiscount": N_("Discount item"),
    "PaymentMethod": N_("Payment method"),
    "Invoice": N_("Invoice"),
    "ReceivePayment": N_("Payment"),
    "Bill": N_("Bill"),
    "PurchaseOrder": N_("Purchase order"),
}

RIGHTS = {
    "invoice": N_("Invoices"),
    "bill": N_("Bills"),
    "purchase_order": N_("Purchase orders"),
}
