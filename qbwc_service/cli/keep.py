"""`qbwc backup`, `restore` and `prune`."""

import datetime as dt
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..db import schema
from ..keeping import prune as pruning
from ..keeping.failures import CannotKeep
from .common import Failure, as_json, now, opened, print_json, read_settings

_FILE = click.Path(dir_okay=False, path_type=pathlib.Path)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (CannotKeep, schema.SchemaMismatch) as error:
        raise Failure(str(error)) from None


@click.command()
@click.argument("file", type=_FILE)
@as_json
def backup(file: pathlib.Path, json_: bool) -> None:
    """Write the whole database to FILE, while the service runs; it is checked before it counts.

    The secret key is not in it.

    \b
    Example: qbwc backup /backups/qbwc-$(date +%F).db
    """
    from ..keeping import backup as keeping

    with opened() as (_, settings), _told():
        made = keeping.make(settings, file)
    if json_:
        print_json({"file": str(made.path), "bytes": made.size})
        return
    click.echo(f"Wrote {made.path} ({made.size:,} bytes).")
    click.echo(keeping.KEEP_THE_KEY_APART)


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--force", is_flag=True, help="Also over a database that knows of more than the backup.")
@click.option("--already-restored", is_flag=True, help="It came back by other means: do what must follow.")
@as_json
def restore(file: pathlib.Path | None, force: bool, already_restored: bool, json_: bool) -> None:
    """Bring a backup back, and have QuickBooks asked before anything is sent that may be there since.

    The service must be stopped. What was there before is kept beside it (on SQLite).

    \b
    Example: qbwc restore /backups/qbwc-2026-11-24.db --force
    """
    from ..keeping import restore as keeping

    if (file is None) != already_restored:
        raise click.UsageError("give FILE, or --already-restored")
    settings = read_settings()
    with _told():
        if file is None:
            done = keeping.already_restored(settings, now())
        else:
            done = keeping.restore(settings, file.absolute(), now(), force=force)
    marked = done.marked
    if json_:
        aside = None if done.aside is None else str(done.aside)
        facts = {"companies": marked.companies, "asked_first": marked.asked_first, "in_flight": marked.in_flight}
        print_json({**facts, "need_a_person": marked.of_persons, "aside": aside, "key_fits": done.key_fits})
        return
    click.echo(f"Restored, with {marked.companies} companies.")
    click.echo(
        f"QuickBooks is asked for {marked.asked_first + marked.in_flight} documents before they are sent, and for "
        f"{marked.of_persons} more should somebody have them tried again."
    )
    if done.aside is not None:
        click.echo(f"What was there before is {done.aside}")
    click.echo(keeping.LOST)
    if not done.key_fits:
        click.echo("The secret key is not the one of this backup: bring back that one too, or make new passwords.")


@click.command()
@click.option(
    "--keep-days",
    type=click.IntRange(pruning.LEAST_DAYS, 36500),
    default=pruning.DEFAULT_DAYS,
    show_default=True,
    help="What is younger stays.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@as_json
def prune(keep_days: int, dry_run: bool, json_: bool) -> None:
    """Forget the texts of old messages and answers, histories, sessions and the audit trail, where all is settled.

    Orders, documents with their numbers, and links stay for ever. The service may run meanwhile.

    \b
    Example: qbwc prune --keep-days 400
    """
    with opened() as (engine, _):
        gone = pruning.prune(engine, now() - dt.timedelta(days=keep_days), dry_run=dry_run)
        reusable = None if dry_run else pruning.reusable_bytes(engine)
    if json_:
        print_json({"dry_run": dry_run, "gone": gone, "reusable_bytes": reusable})
        return
    for name, count in gone.items():
        click.echo(f"{count:>9,}  {name}{' would go' if dry_run else ''}")
    if reusable:
        click.echo(
            f"{reusable / 1_000_000:,.0f} MB of the file are free and will be used again; to give them back to the "
            "disk, stop the service and run `VACUUM` in it (sqlite3)."
        )
