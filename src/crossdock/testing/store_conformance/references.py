"""Numbers lead to keys: one key routes, several are nobody's to guess."""

from __future__ import annotations

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.messages.envelope import Key
from crossdock.ports.store import Store
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN

SHIPMENT = Key("shipment", "S-2")


class ReferenceStories:
    """Stories about numbers."""

    def test_a_number_routes_to_its_key(self, store: Store) -> None:
        with store.write() as unit:
            unit.put_references([rows.number(rows.pro())])

        with store.read() as reader:
            found = reader.routes(MAIN, [rows.pro(), rows.pro("4712"), rows.pro()])
            assert found == {rows.pro(): rows.number(rows.pro())}
            assert reader.routes("acme", [rows.pro()]) == {}

    def test_a_number_of_another_issuer_or_type_is_another_number(self, store: Store) -> None:
        with store.write() as unit:
            unit.put_references([rows.number(rows.pro())])

        others = [
            Reference(type=ReferenceType.PRO, value="4711", issuer="RAIL"),
            Reference(type=ReferenceType.BOOKING, value="4711", issuer="ROAD"),
        ]
        with store.read() as reader:
            assert reader.routes(MAIN, others) == {}

    def test_a_number_of_two_keys_routes_nowhere(self, store: Store) -> None:
        both = [rows.number(rows.pro()), rows.number(rows.pro(), key=SHIPMENT)]
        with store.write() as unit:
            unit.put_references([*both, rows.number(rows.pro("1"))])

        with store.read() as reader:
            found = reader.routes(MAIN, [rows.pro(), rows.pro("1")])
            assert found == {rows.pro("1"): rows.number(rows.pro("1"))}
            assert reader.search(MAIN, "4711") == both

    def test_a_number_that_no_longer_routes_is_still_found(self, store: Store) -> None:
        dropped = rows.number(rows.pro(), routable=False)
        other = rows.number(rows.pro(), key=SHIPMENT, correlation_id="c2")
        with store.write() as unit:
            unit.put_references([rows.number(rows.pro()), other])
            unit.put_references([dropped])

        with store.read() as reader:
            assert reader.routes(MAIN, [rows.pro()]) == {rows.pro(): other}
            assert reader.search(MAIN, "4711") == [dropped, other]

    def test_a_search_minds_neither_case_nor_type(self, store: Store) -> None:
        order = rows.number(
            Reference(type=ReferenceType.ORDER, value="Straße-7"), key=Key("order", "SO-1")
        )
        load = rows.number(Reference(type=ReferenceType.LOAD, value="STRASSE-7"), routable=False)
        with store.write() as unit:
            unit.put_references([order, load, rows.number(rows.pro())])

        with store.read() as reader:
            assert reader.search(MAIN, "strasse-7") == [load, order]
            assert (reader.search(MAIN, "strasse"), reader.search("acme", "4711")) == ([], [])

    def test_the_numbers_of_a_key_are_listed(self, store: Store) -> None:
        mine = [rows.number(rows.pro(value)) for value in ("1", "2")]
        with store.write() as unit:
            unit.put_references([mine[1], mine[0], rows.number(rows.pro("3"), key=SHIPMENT)])

        with store.read() as reader:
            assert reader.references_of(MAIN, Key("shipment", "S-1")) == mine
