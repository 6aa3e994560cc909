"""Exceptions count what repeats; read models write only what changed."""

from __future__ import annotations

from msgspec.structs import replace

from crossdock.ports.store import ExceptionStatus, Store, Unit
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, MINUTE, NOON

LATER = NOON + MINUTE


def closed(unit: Unit, *ids: str) -> int:
    """Close exceptions as resolved."""
    return unit.close_exceptions(MAIN, ids, ExceptionStatus.RESOLVED, "ann", "mended", LATER)


class ViewStories:
    """Stories about exceptions and read models."""

    def test_an_exception_is_read_as_it_was_opened(self, store: Store) -> None:
        with store.write() as unit:
            unit.open_exceptions([rows.trouble()])

        with store.read() as reader:
            assert reader.exceptions(MAIN) == [rows.trouble()]
            assert reader.exceptions("acme") == []

    def test_the_same_trouble_again_raises_the_count(self, store: Store) -> None:
        again = rows.trouble(
            opened_at=LATER, cause="Still nothing.", about=("SO-1", "SO-7"), seen={"reminders": "4"}
        )
        with store.write() as unit:
            unit.open_exceptions([rows.trouble()])
            unit.assign_exception(MAIN, "aa1", "ann")
            unit.open_exceptions([again, again])

            expected = replace(again, opened_at=NOON, owner="ann", count=3)
            assert unit.exceptions(MAIN) == [expected]
            assert unit.exceptions(MAIN, about="SO-7") == [expected]
            assert unit.exceptions(MAIN, about="PO-9") == []

    def test_closed_trouble_opens_anew(self, store: Store) -> None:
        again = rows.trouble(opened_at=LATER)
        with store.write() as unit:
            unit.open_exceptions([rows.trouble(), rows.trouble()])
            unit.assign_exception(MAIN, "aa1", "ann")
            closed(unit, "aa1")
            unit.open_exceptions([again])

            assert unit.exceptions(MAIN) == [again]

    def test_an_exception_is_closed_once(self, store: Store) -> None:
        with store.write() as unit:
            unit.open_exceptions([rows.trouble(), rows.trouble("bb2")])
            counts = [closed(unit, "aa1", "zz9"), closed(unit, "aa1", "bb2")]

        done = rows.trouble(
            status=ExceptionStatus.RESOLVED,
            closed_at=LATER,
            closed_by="ann",
            closed_because="mended",
        )
        with store.read() as reader:
            everything = reader.exceptions(MAIN, status=None)
            assert (counts, everything) == ([1, 1], [done, replace(done, id="bb2")])
            assert reader.exceptions(MAIN) == []

    def test_exceptions_are_found_by_team_number_and_subject(self, store: Store) -> None:
        mine = rows.trouble("a", team="FINANCE", about=("4711",), subject="d9")
        with store.write() as unit:
            unit.open_exceptions([mine, rows.trouble("b"), rows.trouble("c")])
            closed(unit, "c")

        with store.read() as reader:
            assert reader.exceptions(MAIN, team="FINANCE") == [mine]
            assert reader.exceptions(MAIN, about="4711") == [mine]
            assert reader.exceptions(MAIN, subject="d9") == [mine]
            assert reader.exceptions(MAIN, about="4711", subject="d1") == []
            resolved = reader.exceptions(MAIN, status=ExceptionStatus.RESOLVED)
            assert [row.id for row in resolved] == ["c"]

    def test_exceptions_are_listed_oldest_first_in_pages(self, store: Store) -> None:
        opened = [rows.trouble("z"), rows.trouble("b", opened_at=LATER), rows.trouble("a")]
        with store.write() as unit:
            unit.open_exceptions(opened)

        with store.read() as reader:
            pages = [reader.exceptions(MAIN, after=each, limit=2) for each in ("", "z", "nobody")]
            ids = [[row.id for row in page] for page in pages]
            assert ids == [["a", "z"], ["b"], []]

    def test_an_exception_is_found_by_the_start_of_its_id(self, store: Store) -> None:
        with store.write() as unit:
            unit.open_exceptions([rows.trouble(each) for each in ("ab", "abc", "b_1", "b%2")])

        with store.read() as reader:
            asked = ("ab", "abc", "b_", "a", "b", "x", "", "b%")
            found = [reader.exception(MAIN, each) for each in asked]
            ids = [row and row.id for row in found]
            assert ids == ["ab", "abc", "b_1", None, None, None, None, "b%2"]

    def test_open_exceptions_are_counted_by_team_and_code(self, store: Store) -> None:
        with store.write() as unit:
            unit.open_exceptions([rows.trouble("a"), rows.trouble("b"), rows.trouble("c")])
            unit.open_exceptions([rows.trouble("d", team="FINANCE", code="NO_CHARGE")])
            closed(unit, "a")

        with store.read() as reader:
            assert reader.exception_counts(MAIN) == {
                ("FINANCE", "NO_CHARGE"): 1,
                ("TRANSPORTATION", "NOT_PLANNED"): 2,
            }

    def test_rows_are_read_as_they_were_put(self, store: Store) -> None:
        row = rows.view("1", ("status", "LATE"), ("order", "SO-2"), ("order", "SO-1"))
        with store.write() as unit:
            unit.put_projections([row, rows.view("1", kind="item")])

        with store.read() as reader:
            found = reader.projections(MAIN, "shipment_view", ["1", "2"])
            assert found == {"1": row}

    def test_an_equal_row_is_no_write(self, store: Store) -> None:
        row = rows.view("1", ("order", "SO-1"))
        with store.write() as unit:
            unit.put_projections([row])
            unit.put_projections([replace(row, updated_at=LATER, revision=7)])

            assert unit.find(MAIN, "shipment_view", {}) == [row]

    def test_every_change_of_body_or_index_is_a_revision(self, store: Store) -> None:
        changes = [
            rows.view("1", ("order", "SO-1")),
            rows.view("1", ("order", "SO-1"), body=b"2"),
            rows.view("1", ("order", "SO-2"), body=b"2", updated_at=LATER),
            rows.view("1", ("order", "SO-2"), body=b"2"),
        ]
        with store.write() as unit:
            unit.put_projections(changes)

        with store.read() as reader:
            expected = replace(changes[2], revision=3)
            assert reader.find(MAIN, "shipment_view", {"order": "SO-2"}) == [expected]
            assert reader.find(MAIN, "shipment_view", {"order": "SO-1"}) == []

    def test_a_row_is_not_found_by_what_it_has_left(self, store: Store) -> None:
        with store.write() as unit:
            unit.put_projections([rows.view("1", ("status", "LATE"), ("order", "SO-1"))])
        with store.write() as unit:
            unit.put_projections([rows.view("1", ("status", "DONE"), ("order", "SO-1"))])

        now = rows.view("1", ("status", "DONE"), ("order", "SO-1"), revision=2)
        with store.read() as reader:
            assert reader.find(MAIN, "shipment_view", {"status": "LATE"}) == []
            assert reader.find(MAIN, "shipment_view", {"order": "SO-1", "status": "LATE"}) == []
            assert reader.find(MAIN, "shipment_view", {"status": "DONE"}) == [now]

    def test_a_row_is_found_by_terms_of_any_signs(self, store: Store) -> None:
        terms = (("nul", "a\0b"), ("written", "\\u0000"), ("both", '\\\0"'), ("ä", "\n€"))
        row = rows.view("1", *terms)
        with store.write() as unit:
            unit.put_projections([row])
        with store.read() as reader:
            found = [reader.find(MAIN, "shipment_view", dict([term])) for term in terms]

        with store.write() as unit:
            unit.put_projections([rows.view("1", ("order", "SO-1"))])
        with store.read() as reader:
            later = [reader.find(MAIN, "shipment_view", dict([term])) for term in terms]

        assert (found, later) == ([[row]] * 4, [[]] * 4)

    def test_rows_are_found_where_every_condition_holds(self, store: Store) -> None:
        put = [
            rows.view("1", ("customer", "C-1"), ("status", "LATE"), ("visible", "yes")),
            rows.view("2", ("customer", "C-1"), ("status", "DONE"), ("visible", "yes")),
            rows.view("3", ("customer", "C-2"), ("status", "LATE"), ("visible", "yes")),
            rows.view("4", ("customer", "C-1"), ("status", "LATE"), ("visible", "no")),
        ]
        with store.write() as unit:
            unit.put_projections([*put, rows.view("5", *put[0].index, kind="other")])

        with store.read() as reader:
            late = {"status": "LATE", "visible": "yes"}
            assert reader.find(MAIN, "shipment_view", late) == [put[0], put[2]]
            assert reader.find(MAIN, "shipment_view", {**late, "customer": "C-1"}) == [put[0]]
            assert reader.find(MAIN, "shipment_view", {"customer": "1", **late}) == []
            assert reader.find("acme", "shipment_view", {}) == []

    def test_rows_are_listed_by_key_in_pages(self, store: Store) -> None:
        put = [rows.view(key, ("visible", "yes"), ("a", "b")) for key in "abc"]
        with store.write() as unit:
            unit.put_projections([*reversed(put)])

        with store.read() as reader:
            wheres: list[dict[str, str]] = [{}, {"visible": "yes"}, {"visible": "yes", "a": "b"}]
            for where in wheres:
                first = reader.find(MAIN, "shipment_view", where, limit=2)
                rest = reader.find(MAIN, "shipment_view", where, after="b", limit=2)
                assert (first, rest) == (put[:2], put[2:])

    def test_a_dropped_row_is_not_found_and_may_begin_anew(self, store: Store) -> None:
        row = rows.view("1", ("order", "SO-1"))
        with store.write() as unit:
            unit.put_projections([row, replace(row, body=b"2"), rows.view("2", ("order", "SO-1"))])
            unit.drop_projections(MAIN, "shipment_view", ["1", "9"])
            left = unit.find(MAIN, "shipment_view", {"order": "SO-1"})
            unit.put_projections([row])

            assert left == [rows.view("2", ("order", "SO-1"))]
            assert unit.projections(MAIN, "shipment_view", ["1"]) == {"1": row}
