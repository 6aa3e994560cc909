"""The history keeps what was said; what was said before is known for ever."""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec.structs import replace

from crossdock.faults import Finding
from crossdock.messages.envelope import Key
from crossdock.ports.store import DocumentStatus, MessageRow, Repeated, Seen, Store
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, MINUTE, NOON


def repeated(store: Store, messages: Sequence[MessageRow], new: int) -> bool:
    """Append messages in a transaction; answer whether one of the first `new` was there."""
    try:
        with store.write() as unit:
            unit.append(messages, new)
    except Repeated:
        return True
    return False


class HistoryStories:
    """Stories about messages, identities, documents, audit, counters, rules and marks."""

    def test_a_message_is_read_as_it_was_appended(self, store: Store) -> None:
        plain = rows.message()
        bound = rows.message(
            "m2", bound=Key("shipment", "S-1"), amends="m1", document_id="d1", causation_id="m1"
        )

        with store.write() as unit:
            unit.append([plain, bound])

        with store.read() as reader:
            found = reader.messages(MAIN, ["m2", "m1", "m3"])
            assert found == {"m1": plain, "m2": bound}

    def test_a_message_that_is_there_is_left_alone(self, store: Store) -> None:
        with store.write() as unit:
            unit.append([rows.message(), rows.message(body=b"other")])
            unit.append([rows.message(body=b"other"), rows.message("m2")])

        with store.read() as reader:
            kept = reader.messages(MAIN, ["m1", "m2"])
            assert kept == {"m1": rows.message(), "m2": rows.message("m2")}
            assert reader.count_messages(MAIN) == {"OrderReleased": 2}

    def test_a_message_that_must_be_new_is_refused_where_it_is_there(self, store: Store) -> None:
        first, second, third = (rows.message(each) for each in ("m1", "m2", "m3"))

        refused = [
            repeated(store, [first], new=1),
            repeated(store, [second, first], new=1),
            repeated(store, [third, first], new=2),
            repeated(store, [third, third], new=2),
        ]

        with store.read() as reader:
            kept = reader.messages(MAIN, ["m1", "m2", "m3"])
            assert (refused, kept) == ([False, False, True, True], {"m1": first, "m2": second})
            assert reader.count_messages(MAIN) == {"OrderReleased": 2}

    def test_messages_are_counted_by_type_for_each_tenant(self, store: Store) -> None:
        with store.write() as unit:
            unit.append([rows.message("m1"), rows.message("m2", type="WakeUp")])
            unit.append([rows.message("m1", tenant="acme"), rows.message("m3")])

        with store.read() as reader:
            assert reader.count_messages(MAIN) == {"OrderReleased": 2, "WakeUp": 1}
            assert reader.count_messages("acme") == {"OrderReleased": 1}

    def test_what_a_message_caused_is_found_oldest_first(self, store: Store) -> None:
        late = rows.message("a", causation_id="m1", received_at=NOON + MINUTE)
        first, second = (rows.message(each, causation_id="m1") for each in "zb")
        other = rows.message("c", causation_id="m2")

        with store.write() as unit:
            unit.append([late, first, second, other, rows.message("m1")])

        with store.read() as reader:
            assert reader.messages_caused_by(MAIN, ["m1"]) == [first, second, late]
            assert reader.messages_caused_by(MAIN, ["m2", "m1"]) == [first, second, other, late]
            assert reader.messages_caused_by(MAIN, [""]) == []

    def test_the_same_identity_is_a_duplicate_or_a_conflict(self, store: Store) -> None:
        with store.write() as unit:
            unit.remember([rows.seen("e1"), rows.seen("e2")])

        with store.write() as unit:
            verdicts = unit.remember(
                [rows.seen("e1"), rows.seen("e3"), rows.seen("e2", hash=b"other"), rows.seen("e4")]
            )

        assert verdicts == [Seen.DUPLICATE, Seen.NEW, Seen.CONFLICT, Seen.NEW]

    def test_an_identity_repeated_in_one_batch_is_new_once(self, store: Store) -> None:
        batch = [rows.seen("e1"), rows.seen("e1"), rows.seen("e1", hash=b"other"), rows.seen("e2")]

        with store.write() as unit:
            verdicts = unit.remember(batch)

        assert verdicts == [Seen.NEW, Seen.DUPLICATE, Seen.CONFLICT, Seen.NEW]

    def test_an_identity_belongs_to_its_endpoint_and_tenant(self, store: Store) -> None:
        same = [rows.seen(), rows.seen(endpoint="tms"), rows.seen(tenant="acme")]

        with store.write() as unit:
            verdicts = unit.remember(same)

        assert verdicts == [Seen.NEW] * 3

    def test_the_first_answer_to_an_identity_is_kept(self, store: Store) -> None:
        first = rows.seen(answer=b"997")
        with store.write() as unit:
            unit.remember([first, rows.seen(hash=b"other", answer=b"other")])

        with store.read() as reader:
            assert reader.seen(MAIN, "erp", "e1") == first
            assert reader.seen(MAIN, "erp", "e2") is None

    def test_documents_come_back_byte_by_byte(self, store: Store) -> None:
        noise = random.Random(1).randbytes(3_000_000)  # noqa: S311 - only bytes that do not pack
        kept = [
            rows.document("d1", b""),
            rows.document("d2", b"ISA*00*" * 500_000),
            rows.document("d3", noise, parent_id="d1", retention="long"),
        ]

        with store.write() as unit:
            unit.keep_documents(kept)

        with store.read() as reader:
            assert [reader.document(MAIN, row.id) for row in kept] == kept
            assert reader.document(MAIN, "d4") is None

    def test_each_endpoint_is_known_by_its_newest_document(self, store: Store) -> None:
        kept = [
            rows.document("d1", endpoint="tms"),
            rows.document("d2", endpoint="erp", received_at=NOON + MINUTE),
            rows.document("d3", endpoint="erp"),
            rows.document("d4", endpoint="wms", tenant="acme"),
        ]
        with store.write() as unit:
            unit.keep_documents(kept)

        with store.read() as reader:
            assert reader.last_heard(MAIN) == {"erp": NOON + MINUTE, "tms": NOON}
            assert reader.last_heard("nobody") == {}

    def test_a_document_kept_again_changes_its_verdict_alone(self, store: Store) -> None:
        finding = Finding(code="NO_DATE", said="A date is missing.", where="/1", seen={"a": "b"})
        again = rows.document(
            content=b"other", status=DocumentStatus.PARTIAL, findings=(finding,), endpoint="tms"
        )
        with store.write() as unit:
            unit.keep_documents([rows.document()])

        with store.write() as unit:
            unit.keep_documents([again])

        expected = rows.document(status=DocumentStatus.PARTIAL, findings=(finding,))
        with store.read() as reader:
            assert reader.document(MAIN, "d1") == expected

    def test_documents_are_listed_newest_first_in_pages(self, store: Store) -> None:
        with store.write() as unit:
            unit.keep_documents([rows.document(each) for each in ("d1", "d3", "d2")])

        with store.read() as reader:
            first = [row.id for row in reader.documents(MAIN, limit=2)]
            second = [row.id for row in reader.documents(MAIN, after="d2", limit=2)]
            assert (first, second, reader.documents("acme")) == (["d3", "d2"], ["d1"], [])

    def test_the_audit_log_is_read_newest_first(self, store: Store) -> None:
        with store.write() as unit:
            unit.log([rows.line("SO-1"), rows.line("SO-2", detail="x"), rows.line("SO-1")])
            unit.log([rows.line("SO-9", tenant="acme")])

        written = [rows.line("SO-1"), rows.line("SO-2", detail="x"), rows.line("SO-1")]
        first, second, third = (replace(row, seq=seq) for seq, row in enumerate(written, start=1))
        with store.read() as reader:
            assert reader.audit(MAIN) == [third, second, first]
            assert reader.audit(MAIN, "SO-1") == [third, first]
            assert reader.audit(MAIN, limit=1) == [third]

    def test_an_audit_row_is_sealed_once(self, store: Store) -> None:
        with store.write() as unit:
            unit.log([rows.line("SO-1"), rows.line("SO-9", tenant="acme"), rows.line("SO-2")])
        with store.write() as unit:
            unit.seal_audit([(MAIN, 1, b"one"), ("acme", 3, b"not mine")])
            unit.seal_audit([(MAIN, 1, b"another")])

        one, two = rows.line("SO-1", seq=1, seal=b"one"), rows.line("SO-2", seq=3)
        with store.read() as reader:
            assert reader.audit_after(MAIN, 0, 9) == [one, two]
            assert (reader.audit_after(MAIN, 1, 9), reader.audit_after(MAIN, 3, 9)) == ([two], [])
            assert reader.audit_after(MAIN, 0, 1) == [one]

    def test_counters_add_up(self, store: Store) -> None:
        with store.write() as unit:
            unit.bump(MAIN, {"received": 2, "duplicates": 1})
            unit.bump(MAIN, {"received": 3})
            unit.bump("acme", {})

        with store.read() as reader:
            assert reader.counters(MAIN) == {"received": 5, "duplicates": 1}
            assert reader.counters("acme") == {}

    def test_a_rule_book_is_kept_under_its_digest(self, store: Store) -> None:
        with store.write() as unit:
            unit.keep_rules(MAIN, "abc", b"first")
            unit.keep_rules(MAIN, "abc", b"second")
            unit.keep_rules(MAIN, "def", b"third")

        with store.read() as reader:
            assert reader.rules(MAIN) == {"abc": b"first", "def": b"third"}
            assert reader.rules("acme") == {}

    def test_marks_hold_the_last_value(self, store: Store) -> None:
        with store.write() as unit:
            unit.set_mark("clean_shutdown", "no")
            unit.set_mark("clean_shutdown", "yes")

        with store.read() as reader:
            marks = (reader.mark("clean_shutdown"), reader.mark("epoch"))
            assert marks == ("yes", "")
