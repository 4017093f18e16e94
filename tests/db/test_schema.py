"""Alembic owns the schema: what the migrations make is what the program means."""

import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from qbwc_service.db import schema, tables
from qbwc_service.db.engine import open_engine


def test_the_migrations_make_what_the_tables_say(engine):
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_all_migrations_go_back_and_forth(empty_url):
    engine = open_engine(empty_url)
    config = schema.alembic_config()
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    command.upgrade(config, "head")
    schema.require(engine)
    engine.dispose()


def test_an_empty_database_is_refused_with_what_to_do(empty_url):
    engine = open_engine(empty_url)
    with pytest.raises(schema.SchemaMismatch, match="qbwc init"):
        schema.require(engine)
    engine.dispose()


def test_a_newer_database_is_refused(engine):
    with engine.begin() as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(schema.SchemaMismatch, match="newer"):
        schema.require(engine)


def test_several_may_migrate_at_once(postgres_url):
    engines = [open_engine(postgres_url) for _ in range(4)]
    failures = []

    def migrate(one):
        try:
            schema.migrate(one)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate, args=(one,)) for one in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    schema.require(engines[0])
    for one in engines:
        one.dispose()


def test_the_program_knows_the_newest_migration():
    scripts = ScriptDirectory.from_config(schema.alembic_config())
    assert scripts.get_current_head() == schema.HEAD
