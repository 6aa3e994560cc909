"""Writes contracts/, docs/reference/ and the pages of figures; `--check` tells what is stale."""

import sys
from pathlib import Path

from crossdock.apis.experience.v1 import openapi as experience
from crossdock.apis.process.v1 import openapi as process
from crossdock.governance.contracts import as_text, kind_of, schemas
from crossdock.messages.registry import BODIES
from tools import access, benchmarks, guarantees, reference
from tools.floorplan import ROOT

STALE = 8  # the exit code


def files() -> dict[Path, str]:
    """Write every generated file, by its place."""
    written = {f"contracts/{name}": as_text(schema) for name, schema in schemas().items()}
    written["contracts/openapi-experience-v1.json"] = as_text(experience.contract())
    written["contracts/openapi-process-v1.json"] = as_text(process.contract())
    written["contracts/catalogue.json"] = as_text(catalogue())
    written |= {f"docs/reference/{name}": text for name, text in reference.pages().items()}
    written["docs/reference/access.md"] = access.page()
    written["docs/guarantees.md"] = guarantees.page()
    written["docs/benchmarks.md"] = benchmarks.page()
    return {ROOT / name: text for name, text in written.items()}


def catalogue() -> list[dict[str, object]]:
    """List every message with who says and who hears it."""
    emitted, received = reference.speakers(), reference.hearers()
    return [
        {
            "message": name,
            "kind": kind_of(body),
            "schema": body.schema,
            "says": reference.first(body.__doc__),
            "emitted_by": sorted(each.strip("`") for each in emitted[name]),
            "received_by": sorted(each.strip("`") for each in received[name]),
        }
        for name, body in sorted(BODIES.items())
    ]


def stale(wanted: dict[Path, str]) -> list[str]:
    """Name the files that are not as the code says, or that nothing writes any more."""
    folders = (ROOT / "contracts", ROOT / "docs" / "reference")
    there = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    # Pages written by hand stand among those of docs/reference; a contract never is.
    old = {
        path
        for path in there - set(wanted)
        if path.suffix == ".json" or reference.HEAD in path.read_text("utf-8")
    }
    other = {
        path
        for path, text in wanted.items()
        if not path.is_file() or path.read_text("utf-8") != text
    }
    return sorted(path.relative_to(ROOT).as_posix() for path in old | other)


def main() -> int:
    """Write the files, or with `--check` tell which are stale."""
    wanted = files()
    behind = stale(wanted)
    if "--check" in sys.argv[1:]:
        for name in behind:
            print(f"stale: {name}")
        return STALE if behind else 0
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for name in behind:
        path = ROOT / name
        if path not in wanted:
            path.unlink()
        print(f"{'removed' if path not in wanted else 'written'}: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
