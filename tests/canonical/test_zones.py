"""A partner's zone is a name out of the IANA database, or nobody knows it."""

import pytest

from crossdock.canonical.moments import zone_named


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/Argentina/ComodRivadavia", "Etc/GMT+12"]
)
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert str(zone_named(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Base",
        "../Europe/Berlin",
        "/etc/localtime",
        "Europe",
        "a/" * 3000,
        "\x00",
        "\udcff",
    ],
)
def test_what_is_no_zone_is_nobodys(name: str) -> None:
    assert zone_named(name) is None
