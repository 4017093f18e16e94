"""Where the files lie that come with the program: beside it in a checkout, inside it when it is installed."""

import pathlib

_PACKAGE = pathlib.Path(__file__).resolve().parent


def folder(name: str) -> pathlib.Path:
    """-> the folder `migrations` or `qwc_templates`."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
