"""`python -m qbwc_service` is the `qbwc` command."""

from .cli import main

main(prog_name="qbwc")
