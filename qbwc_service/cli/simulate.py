"""`qbwc simulate`: a simulated Web Connector and QuickBooks, against any service that speaks the contract."""

import os
import pathlib

import click

from ..simulator import simulate as run
from .common import Failure, as_json, print_json


@click.command()
@click.option("--url", required=True, help="AppURL of the service, such as http://localhost:8080/qbwc.")
@click.option("--username", required=True, help="UserName of the .qwc file.")
@click.option(
    "--company-file",
    type=click.Path(dir_okay=False, path_type=pathlib.Path),
    help="JSON file with the simulated company; made when it is not there, and saved at the end.",
)
@click.option("--polls", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many updates to run.")
@as_json
def simulate(url: str, username: str, company_file: pathlib.Path | None, polls: int, json_: bool) -> None:
    """Run a simulated Web Connector and QuickBooks against a service.

    The password is taken from QBWC_SIMULATOR_PASSWORD, else asked for.

    \b
    Example: qbwc simulate --url http://localhost:8080/qbwc --username qbwc-1a2b --company-file books.json
    """
    password = os.environ.get("QBWC_SIMULATOR_PASSWORD")
    if password is None:
        password = click.prompt("Password", hide_input=True, err=True)
    try:
        outcomes = run(url, username, password, company_file, polls)
    except (OSError, ValueError) as error:
        raise Failure(str(error)) from None
    except (KeyError, TypeError, AttributeError, AssertionError):
        raise Failure(f"{company_file} is not the file of a simulated company") from None
    if json_:
        print_json(
            [
                {
                    "status": outcome.status,
                    "code": outcome.code,
                    "round_trips": outcome.round_trips,
                    "last_error": outcome.last_error,
                    "calls": list(outcome.calls),
                }
                for outcome in outcomes
            ]
        )
    else:
        for number, outcome in enumerate(outcomes, 1):
            code = f" ({outcome.code})" if outcome.code else ""
            told = f" {outcome.last_error}" if outcome.last_error else ""
            click.echo(f"Update {number}: {outcome.status}{code}, {outcome.round_trips} messages.{told}")
    if any(outcome.code or outcome.last_error for outcome in outcomes):
        raise click.exceptions.Exit(1)
