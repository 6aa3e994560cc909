"""The configuration as read, and what is said when it cannot be meant so."""

from pathlib import Path

import pytest
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

from crossdock.app.config import (
    PartnerSection,
    StreamSection,
    load_config,
)
from crossdock.app.first_files import write_first_files
from crossdock.app.sections import CustomerSection, PoliciesSection, ServerSection, StoreSection
from crossdock.app.stores import named
from crossdock.connectors import discover
from crossdock.faults import Misconfigured
from crossdock.governance.load import load_rules
from crossdock.governance.settings import settings_of
from crossdock.policies.rules import Rules
from crossdock.ports import EffectClass
from tests.app.connectors import LineSettings, connectors

PARTNER = '[[partners]]\nname = "erp"\nconnector = "reference_erp"\n'
SECTIONS: tuple[type[Struct], ...] = (
    StoreSection,
    ServerSection,
    PoliciesSection,
    PartnerSection,
    CustomerSection,
    StreamSection,
    LineSettings,
)
REACHED = '[partners.settings]\nbase_url = "http://erp"\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "crossdock.toml"
    file.write_text(text, "utf-8")
    return file


def said(folder: Path, text: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        load_config(written(folder, text), connectors())
    return caught.value.said.replace(f"{folder}/", "")


def test_a_partner_may_promise_otherwise_than_its_connector_declares(tmp_path: Path) -> None:
    promised = '[partners.promises]\n"erp.write_reference" = "neither"\n'

    config = load_config(written(tmp_path, PARTNER + promised + REACHED), discover())

    (partner,) = config.partners
    effects = {verb: each.effect for verb, each in partner.connector.operations.items()}
    declared = {verb: each.effect for verb, each in discover()["reference_erp"].operations.items()}
    assert effects == declared | {"erp.write_reference": EffectClass.NEITHER}


def test_a_promise_about_an_operation_that_is_not_there_is_told(tmp_path: Path) -> None:
    promised = '[partners.promises]\n"erp.write_refrence" = "neither"\n'

    with pytest.raises(Misconfigured) as caught:
        load_config(written(tmp_path, PARTNER + promised + REACHED), discover())

    assert caught.value.said.replace(f"{tmp_path}/", "") == (
        "crossdock.toml:5: its connector has no operation `erp.write_refrence`; "
        "did you mean `erp.write_reference`?"
    )


def test_what_init_writes_loads_without_a_change(tmp_path: Path) -> None:
    write_first_files(tmp_path, connectors())

    config = load_config(tmp_path / "crossdock.toml", connectors())

    told = [(each.name, each.connector.name, each.section.serves) for each in config.partners]
    assert told == [("erp", "reference_erp", ()), ("tms", "reference_tms", ())]
    assert [secret[:6] for each in config.partners for secret in each.webhook_secrets] == [
        "whsec_",
        "whsec_",
    ]
    assert load_rules(config.policies) == Rules()


def test_each_setting_is_explained_in_what_init_writes(tmp_path: Path) -> None:
    write_first_files(tmp_path, connectors())
    lines = (tmp_path / "crossdock.toml").read_text("utf-8").splitlines()
    bare = [line.removeprefix("# ").removeprefix("# ") for line in lines]

    settings = [each for section in SECTIONS for each in settings_of(section)]
    written_out = {line.split(" =")[0] for line in bare} | {"settings"}
    unexplained = [
        each.name for each in settings if not each.purpose or each.name not in written_out
    ]

    assert len(settings) > 20
    assert unexplained == []


def test_init_never_writes_over_a_configuration(tmp_path: Path) -> None:
    file = written(tmp_path, "# mine\n")

    with pytest.raises(Misconfigured) as caught:
        write_first_files(tmp_path, connectors())

    assert caught.value.said == f"{file} is there already; nothing was changed"
    assert sorted(tmp_path.iterdir()) == [file]


def test_secrets_are_kept_from_others_and_read_by_reference(tmp_path: Path) -> None:
    write_first_files(tmp_path, connectors())

    config = load_config(tmp_path / "crossdock.toml", connectors())

    kept = tmp_path / "secrets" / "erp-token"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert config.partners[0].settings == LineSettings(
        base_url="http://127.0.0.1:8101", token=kept.read_text("utf-8").strip(), partner="erp"
    )
    assert kept.read_text("utf-8").strip() not in repr(config)


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, '[store]\npath = "kept/main.db"\n[policies]\nfolder = "rules"\n')

    config = load_config(file, connectors())

    assert (config.store, config.policies) == (tmp_path / "kept/main.db", tmp_path / "rules")


def test_a_customer_is_known_by_the_hash_of_its_key(tmp_path: Path) -> None:
    file = written(
        tmp_path, f'[[customers]]\nid = "C-1"\nname = "Acme"\napi_key_sha256 = "{"a" * 64}"\n'
    )

    config = load_config(file, connectors())

    assert config.customers == (CustomerSection(id="C-1", name="Acme", api_key_sha256="a" * 64),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[server]\nprot = 1\n",
            "crossdock.toml:2: unknown setting `prot` in `server`; did you mean `port`?",
        ),
        (
            '[server]\nport = "8080"\n',
            "crossdock.toml:2: this must be a whole number, not a text in quotes in `server.port`",
        ),
        (
            "[server]\nport = 70000\n",
            "crossdock.toml:2: this must be a whole number <= 65535 in `server.port`",
        ),
        (
            "[[partners]]\n",
            "crossdock.toml:1: the setting `name` is missing in `partners[1]`",
        ),
        (
            PARTNER.replace("reference_erp", "reference_epr") + REACHED,
            (
                "crossdock.toml:3: there is no connector `reference_epr`; "
                "did you mean `reference_erp`?"
            ),
        ),
        (
            PARTNER,
            "crossdock.toml:1: the setting `base_url` is missing in `partners[1].settings`",
        ),
        (
            PARTNER + REACHED + 'timezone = "UTC"\n',
            (
                "crossdock.toml:6: unknown setting `timezone` in `partners[1].settings`; "
                "did you mean `time_zone`?"
            ),
        ),
        (
            PARTNER + REACHED + 'token = "open sesame"\n',
            (
                "crossdock.toml:6: a secret is not written here but referred to: "
                "`${file:secrets/name}` or `${env:NAME}`"
            ),
        ),
        (
            PARTNER + REACHED + 'token = "${env:CROSSDOCK_NO_SUCH_VARIABLE}"\n',
            ("crossdock.toml:6: the environment variable CROSSDOCK_NO_SUCH_VARIABLE is not set"),
        ),
        (
            PARTNER + REACHED + PARTNER + REACHED,
            "crossdock.toml:7: two `[[partners]]` have the same `name`; each needs its own",
        ),
        (
            PARTNER + 'webhook_secrets = ["${env:PATH}"]\n' + REACHED,
            "crossdock.toml:4: A webhook secret must be `whsec_` and base64",
        ),
        (
            "[server\n",
            ("crossdock.toml:1: this is not TOML: Expected ']' at the end of a table declaration"),
        ),
    ],
)
def test_what_cannot_be_meant_is_named_with_file_line_and_a_suggestion(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert said(tmp_path, text) == expected


def test_a_configuration_that_is_not_there_names_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_config(tmp_path / "crossdock.toml", connectors())

    file = tmp_path / "crossdock.toml"
    assert caught.value.said == f"There is no file {file}; `crossdock init` writes one"


STREAM = '[[streams]]\nservers = ["nats://127.0.0.1:4222"]\nstream = "ORDERS"\n'


def test_a_stream_carries_its_partners_first_document_unless_it_says_another(
    tmp_path: Path,
) -> None:
    text = f'{PARTNER}{REACHED}{STREAM}partner = "erp"\n'

    (stream,) = load_config(written(tmp_path, text), discover()).streams

    assert (stream.partner, stream.document) == ("erp", "orders")
    assert (stream.source.stream, stream.source.consumer) == ("ORDERS", "crossdock")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('partner = "epr"', "there is no partner `epr`; did you mean `erp`?"),
        (
            'partner = "erp"\ndocument = "order"',
            "its connector reads no `order`; did you mean `orders`?",
        ),
        (
            'partner = "erp"\ntoken = "open sesame"',
            "a secret is not written here but referred to: `${file:secrets/name}` or `${env:NAME}`",
        ),
    ],
)
def test_a_stream_that_cannot_be_meant_so_is_told_with_its_line(
    tmp_path: Path, line: str, complaint: str
) -> None:
    file = written(tmp_path, f"{PARTNER}{REACHED}{STREAM}{line}\n")

    with pytest.raises(Misconfigured) as caught:
        load_config(file, discover())

    assert caught.value.said.partition(": ")[2] == complaint


def test_a_database_gets_its_password_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("s p&c\n", "utf-8")
    text = '[store]\naddress = "postgresql://ann@db:5433/x"\npassword = "${file:db}"\n'

    config = load_config(written(tmp_path, text), connectors())

    assert conninfo_to_dict(config.database)["password"] == "s p&c"
    assert (named(config), "s p&c" in repr(config)) == ("ann@db:5433/x", False)


@pytest.mark.parametrize(
    ("store", "told"),
    [
        ('address = "db"', "an address begins with `postgresql://`; a file is `path`"),
        (
            'address = "postgresql://ann:secret@db/x"',
            "the password does not belong in the address; `password` refers to it",
        ),
        (
            'password = "${env:PATH}"',
            "a file has no password; `address` says which database it is for",
        ),
    ],
)
def test_a_database_that_cannot_be_meant_so_is_told_with_its_line(
    tmp_path: Path, store: str, told: str
) -> None:
    assert told in said(tmp_path, f"[store]\n{store}\n")
