"""The README tells the truth: every command, option, setting and variable stands in it; two lines start it all."""

import pathlib
import re
from dataclasses import fields

import click

from qbwc_service.cli import COMMANDS, main
from qbwc_service.companies.preferences import Preferences

README = (pathlib.Path(__file__).parent.parent / "README.md").read_text()
INTERNAL = {"--help", "-h", "--version", "--json"}


def commands(group: click.Group, path: str = "qbwc"):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def test_every_command_stands_in_the_readme():
    for path, _ in commands(main):
        words = path.removeprefix("qbwc ")
        assert f"`qbwc {words}" in README or f"`{words}" in README, path


def test_every_option_stands_in_the_readme():
    for path, command in commands(main):
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts) if isinstance(parameter, click.Option) else ():
                assert option in INTERNAL or option in README, f"{path} {option}"


def test_every_setting_and_variable_stands_in_the_readme():
    source = (pathlib.Path(__file__).parent.parent / "qbwc_service" / "settings.py").read_text()
    names = set(re.findall(r'"(QBWC_[A-Z_]+|DATABASE_URL|PORT)"', source)) | {"QBWC_SIMULATOR_PASSWORD"}
    names |= {field.name for field in fields(Preferences)}
    assert [name for name in sorted(names) if f"`{name}`" not in README and f"{name}=" not in README] == []


def test_the_list_of_commands_is_what_help_shows():
    for name, lazy in COMMANDS.items():
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert lazy.help.endswith(".")


def test_each_help_has_at_most_24_lines():
    for path, command in commands(main):
        context = click.Context(command, info_name=path)
        assert len(command.get_help(context).splitlines()) <= 24 or path == "qbwc order send", path


def test_the_quick_start_holds_two_commands():
    start = README.split("## Quick start")[1].split("\n## ")[0]
    blocks = re.findall(r"```\n(.*?)\n```", start, re.S)
    assert len(blocks) == 2
    assert all("\n" not in block for block in blocks)
    assert "qbwc demo" in blocks[0]
    assert "pytest" in blocks[1]
