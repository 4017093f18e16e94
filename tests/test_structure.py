"""The house stands as design.md draws it: which part may import which, and no circle."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
# What a part may import of ours; a part is a package, or a module beside the packages.
MAY = {
    "qbxml": set(),
    "qbwc_service.simulator": set(),
    "qbwc_service.settings": set(),
    "qbwc_service.secrets": set(),
    "qbwc_service.package_files": set(),
    "qbwc_service.request_ids": set(),
    "qbwc_service.proxies": {"qbwc_service.settings"},
    "qbwc_service.logs": {"qbwc_service.settings", "qbwc_service.request_ids"},
    "qbwc_service.orders": set(),
    "qbwc_service.i18n": set(),
    "qbwc_service.wording": set(),
    "qbwc_service.standstill": {"qbxml", "qbwc_service.i18n", "qbwc_service.wording"},
    "qbwc_service.db": {"qbxml", "qbwc_service.package_files"},
    "qbwc_service.lists": {"qbxml", "qbwc_service.db"},
    "qbwc_service.companies": {
        "qbxml",
        "qbwc_service.db",
        "qbwc_service.secrets",
        "qbwc_service.settings",
        "qbwc_service.package_files",
    },
    "qbwc_service.posting": {
        "qbxml",
        "qbwc_service.db",
        "qbwc_service.lists",
        "qbwc_service.companies",
        "qbwc_service.people",
        "qbwc_service.orders",
        "qbwc_service.wording",
    },
    "qbwc_service.people": {"qbwc_service.db", "qbwc_service.companies"},
    "qbwc_service.sign_in": {"qbwc_service.db", "qbwc_service.secrets", "qbwc_service.i18n"},
    "qbwc_service.users": {"qbwc_service.db", "qbwc_service.secrets", "qbwc_service.sign_in", "qbwc_service.i18n"},
    "qbwc_service.tries": set(),
    # Told after the fact: nothing that posts knows of them.
    "qbwc_service.notify": {
        "qbwc_service.db",
        "qbwc_service.companies",
        "qbwc_service.doctor",
        "qbwc_service.i18n",
        "qbwc_service.mail",
        "qbwc_service.settings",
        "qbwc_service.standstill",
    },
    "qbwc_service.mail": {"qbwc_service.settings"},
    "qbwc_service.webhooks": {"qbwc_service.db", "qbwc_service.secrets", "qbwc_service.settings"},
    "qbwc_service.ticker": {
        "qbwc_service.db",
        "qbwc_service.notify",
        "qbwc_service.secrets",
        "qbwc_service.settings",
        "qbwc_service.webhooks",
    },
}


def modules():
    for top in ("qbxml", "qbwc_service"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def part_of(module):
    pieces = module.split(".")
    return pieces[0] if pieces[0] == "qbxml" else ".".join(pieces[:2])


def imports_of(module, path):
    """-> the modules of ours that a module imports, at its top or within its functions."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")
            base = base[: len(base) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def test_parts_import_only_what_stands_below_them():
    wrong = [
        f"{module} imports {imported}"
        for module, path in modules()
        if part_of(module) in MAY
        for imported in imports_of(module, path)
        if imported.split(".")[0] in ("qbxml", "qbwc_service")
        and part_of(imported) != part_of(module)
        and part_of(imported) not in MAY[part_of(module)]
        and imported != "qbwc_service.__version__"
    ]
    assert wrong == []


def test_nobody_imports_what_stands_above():
    for module, path in modules():
        if part_of(module) not in ("qbwc_service.cli", "qbwc_service.__main__"):
            assert not any(imported.startswith("qbwc_service.cli") for imported in imports_of(module, path)), module


def test_no_two_modules_import_each_other():
    known = dict(modules())
    graph = {
        module: {
            found
            for imported in imports_of(module, path)
            for found in (imported, imported.rpartition(".")[0])
            if found in known and found != module and not module.startswith(f"{found}.")
        }
        for module, path in known.items()
    }
    done: set[str] = set()

    def visit(module, way):
        assert module not in way, " -> ".join([*way[way.index(module) :], module])
        if module not in done:
            for imported in sorted(graph[module]):
                visit(imported, [*way, module])
            done.add(module)

    for module in graph:
        visit(module, [])


def test_spyne_is_imported_in_one_module_only():
    importers = [
        module for module, path in modules() if any(i.split(".")[0] == "spyne" for i in imports_of(module, path))
    ]
    assert importers == ["qbwc_service.connector.spyne_shim"]


def test_qbxml_needs_lxml_and_the_standard_library_alone():
    import sys

    allowed = set(sys.stdlib_module_names) | {"lxml", "qbxml"}
    for module, path in modules():
        if part_of(module) == "qbxml":
            assert {i.split(".")[0] for i in imports_of(module, path)} <= allowed, module


@pytest.mark.parametrize("word", ["manager", "helper", "utils"])
def test_no_module_is_named_for_its_kind(word):
    assert [module for module, _ in modules() if word in module] == []


def test_the_top_level_is_the_design_cards():
    import subprocess

    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.splitlines() if not line.startswith(".")}
    assert top <= {
        "qbwc_service",
        "qbxml",
        "migrations",
        "tests",
        "qwc_templates",
        "alembic.ini",
        "pyproject.toml",
        "README.md",
    }
