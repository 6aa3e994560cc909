"""Secrets are written into the configuration as references, never as themselves.

`${file:secrets/erp-token}` is the file's text without the line end, relative to the configuration's
folder; `${env:ERP_TOKEN}` is an environment variable.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from crossdock.faults import Misconfigured

_REFERENCE = re.compile(r"\$\{(?P<kind>file|env):(?P<name>[^}]+)\}")


def is_reference(text: str) -> bool:
    """Tell whether a text is one reference and nothing else."""
    return _REFERENCE.fullmatch(text) is not None


def resolve(text: str, folder: Path) -> str:
    """Replace each reference in a text by what it refers to.

    Raises Misconfigured for a file that cannot be read or a variable that is not set.
    """
    return _REFERENCE.sub(lambda found: _looked_up(found["kind"], found["name"], folder), text)


def _looked_up(kind: str, name: str, folder: Path) -> str:
    if kind == "env":
        if name not in os.environ:
            raise Misconfigured(f"the environment variable {name} is not set", variable=name)
        return os.environ[name]
    file = folder / name
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the secret file {file} cannot be read: {error}", file=file) from error
