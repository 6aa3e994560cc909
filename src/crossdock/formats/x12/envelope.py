"""Segments to interchanges, groups and sets; what the envelope promises is compared, never trusted.

A header that is missing is made up empty, a trailer that is missing is told, and what stands
outside of any set is told: every set that can be found is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from crossdock.faults import Finding
from crossdock.formats.x12.delimiters import Delimiters, Header
from crossdock.formats.x12.findings import noticed
from crossdock.formats.x12.headers import (
    CONTROL_DIGITS_MAX,
    FUNCTIONS,
    SET_CONTROL_MIN,
    SET_ID_DIGITS,
    came_before,
    element,
    is_control,
    is_same,
    is_sound,
    tags,
)
from crossdock.formats.x12.schema import RELEASE_DIGITS
from crossdock.formats.x12.tokens import Block, Limits, Segment, Tape, pieces

TOLD_ALWAYS = "INTERCHANGE_TOO_LARGE"  # once, however much was told before
ACKNOWLEDGEMENTS = "FA"  # GS01 of 997 and 999, which are never acknowledged


class Transaction(Struct, kw_only=True):
    """One set, ST to SE with both, kept as it was written until somebody asks for its segments."""

    group: Group
    set_id: str
    control: str
    implementation: str
    at: int
    blocks: list[Block]
    size: int = 0
    findings: list[Finding] = []
    cut: list[Segment] | None = None

    @property
    def segments(self) -> list[Segment]:
        """Give its segments; the position of a segment in the set is its index and one."""
        if self.cut is None:
            self.cut = [segment for block in self.blocks for segment in block.segments()]
        return self.cut

    def byte_of(self, position: int) -> int:
        """Tell the byte of the file at which a segment begins; the first, ST, is 1."""
        if self.cut is None and len(self.blocks) == 1 and self.blocks[0].even:
            ahead = self.blocks[0].text.split(self.blocks[0].delimiters.segment, position - 1)
            return self.at + sum(map(len, ahead[: position - 1])) + position - 1
        return self.segments[position - 1].at

    @property
    def texts(self) -> list[str]:
        """Give its segments as texts alone, which is quicker."""
        if len(self.blocks) == 1:
            return self.blocks[0].texts()
        return [text for block in self.blocks for text in block.texts()]


class Group(Struct, kw_only=True):
    """One functional group, as GS says it; `sets` counts the sets that were found.

    It takes `size` bytes from `at` on.

    `transactions` stay empty where an interchange is streamed.
    """

    interchange: Interchange
    functional_id: str = ""
    sender: str = ""
    receiver: str = ""
    date: str = ""
    time: str = ""
    control: str = ""
    agency: str = ""
    version: str = ""
    at: int = 0
    size: int = 0
    claimed: str = ""  # GE01
    sets: int = 0
    transactions: list[Transaction] = []
    findings: list[Finding] = []

    @property
    def is_acknowledgement(self) -> bool:
        """Tell whether this group acknowledges others, and must not be acknowledged."""
        return self.functional_id == ACKNOWLEDGEMENTS


class Interchange(Struct, kw_only=True):
    """One interchange, as ISA says it, without the padding; it takes `size` bytes from `at` on.

    `reports` are the TA1 in it: what the sender says of interchanges it received. All texts are
    empty where there is no ISA.
    """

    delimiters: Delimiters
    sender_qualifier: str = ""
    sender: str = ""
    receiver_qualifier: str = ""
    receiver: str = ""
    date: str = ""
    time: str = ""
    version: str = ""
    control: str = ""
    ack_requested: bool = False
    usage: str = ""
    at: int = 0
    size: int = 0
    group_count: int = 0
    groups: list[Group] = []
    reports: list[Segment] = []
    findings: list[Finding] = []


class Document(Struct, kw_only=True):
    """Everything in a file: its interchanges, and what belongs to none of them."""

    interchanges: list[Interchange] = []
    findings: list[Finding] = []

    def groups(self) -> Iterator[Group]:
        """Give the groups of all interchanges."""
        for interchange in self.interchanges:
            yield from interchange.groups

    def transactions(self) -> Iterator[Transaction]:
        """Give the sets of all groups."""
        for group in self.groups():
            yield from group.transactions

    def every_finding(self) -> Iterator[Finding]:
        """Give all findings, outermost first."""
        yield from self.findings
        for interchange in self.interchanges:
            yield from interchange.findings
            for group in interchange.groups:
                yield from group.findings
                for transaction in group.transactions:
                    yield from transaction.findings


Part = Interchange | Group | Transaction | Finding


def read(source: bytes | Iterable[bytes], limits: Limits | None = None) -> Document:
    """Read a whole file, kept in memory; never raises for what is in it."""
    document = Document()
    for part in stream(source, limits):
        match part:
            case Transaction():
                part.group.transactions.append(part)
            case Group():
                part.interchange.groups.append(part)
            case Interchange():
                document.interchanges.append(part)
            case Finding():
                document.findings.append(part)
    return document


def stream(source: bytes | Iterable[bytes], limits: Limits | None = None) -> Iterator[Part]:
    """Give each set when it is complete, then its group, then its interchange, when they end.

    What was given is not kept: memory grows with the largest set, and not with the file.
    """
    limits = limits or Limits()
    assembly = _Assembly(limits)
    tape = Tape(source)
    for piece in pieces(tape, limits):
        match piece:
            case Block():
                assembly.take(piece)
            case Header():
                assembly.begin(piece)
            case Finding():
                assembly.tell(piece)
        yield from assembly.give()
    assembly.close_interchange(tape.offset(tape.pos), ended=False)
    yield from assembly.give()


class _Assembly:
    """Puts segments together; holds the interchange, the group and the set that are open."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._told = 0
        self._is_empty = True
        self._complete: list[Part] = []
        self._interchange: Interchange | None = None
        self._group: Group | None = None
        self._set: Transaction | None = None
        self._groups_seen: set[str] = set()
        self._sets_seen: set[str] = set()

    def give(self) -> list[Part]:
        """Give what became complete."""
        complete, self._complete = self._complete, []
        return complete

    def take(self, block: Block) -> None:
        """Take whole segments in their order.

        Nearly all segments stand inside of a set and are of no interest here: only those whose
        tags are of the envelope are looked at.
        """
        text, separator = block.text, block.delimiters.element
        first, others = tags(separator, block.delimiters.segment)
        start, even = 0, block.even
        found = first.match(text) or others.search(text)
        while found is not None:
            name, here, end = found[1], found.start(1), found.end()
            if name == "SE" and self._set is not None:
                self._add(block.part(start, end))
                self._end_set(self._set, block, here, text[here:end].split(separator))
                start = end + 1
            else:
                if start < found.start() or 0 < start == found.start():
                    self._add(block.part(start, found.start()))
                if name == "ST":
                    at = block.byte(here)
                    self._close_set(at)
                    start = self._take_sound(block, here) if even else here
                    if start == here:  # the segments of a set are added in one piece, ST with them
                        self._open_set(at, text[here:end].split(separator))
                    else:
                        end = start - 1
                else:
                    self._place(name, block.part(here, end))
                    start = end + 1
            found = others.search(text, end)
        if start < len(text):
            self._add(block.part(start, len(text)))

    def _take_sound(self, block: Block, here: int) -> int:
        """Take the sets that begin here and of which nothing is to be told; give where they end.

        Most sets of an even block are such. They become what `_open_set`, `_add` and `_end_set`
        make of any other.
        """
        group, text = self._group, block.text
        mark, segment = block.delimiters.element, block.delimiters.segment
        if group is None:
            return here
        _, others = tags(mark, segment)
        while text.startswith(f"ST{mark}", here):
            trailer = others.search(text, here)
            if trailer is None or trailer[1] != "SE":
                break
            header = text[here : text.find(segment, here)].split(mark)
            set_id, control = header[1], element(header, 2)
            size = text.count(segment, here, trailer.start()) + 2
            ended = f"{segment}SE{mark}{size}{mark}{control}{segment}"
            if not text.startswith(ended, trailer.start()):
                break
            if size > self._limits.segments or not is_sound(
                group.functional_id, set_id, control, self._sets_seen
            ):
                break
            end = trailer.start() + len(ended)
            part = block.part(here, end - 1)
            self._complete.append(
                Transaction(
                    group=group,
                    set_id=set_id,
                    control=control,
                    implementation=element(header, 3),
                    at=block.place + here,
                    blocks=[part],
                    size=size,
                )
            )
            self._is_empty = False
            group.sets += 1
            here = end
        return here

    def tell(self, finding: Finding) -> None:
        """Keep a finding with the innermost thing that is open; give it where nothing is."""
        self._told += finding.code != TOLD_ALWAYS
        if self._told > self._limits.findings and finding.code != TOLD_ALWAYS:
            return
        if self._told == self._limits.findings and finding.code != TOLD_ALWAYS:
            finding = noticed("TOO_MANY_FINDINGS", finding.at or 0)
        owner = self._set or self._group or self._interchange
        if owner is None:
            self._complete.append(finding)
        else:
            owner.findings.append(finding)

    def _notice(self, code: str, at: int, where: str, **seen: object) -> None:
        self.tell(noticed(code, at, where, **seen))

    def _add(self, block: Block) -> None:
        """Add segments to the set that is open; outside of one they are strays."""
        if block.suspect:
            for told in block.look(self._limits):
                if isinstance(told, Finding):
                    self.tell(told)
        if not block.text:
            return
        current = self._set
        if current is None:
            for segment in block.segments():
                self._notice("STRAY_SEGMENT", segment.at, segment.tag, text=segment.text)
        elif current.size <= self._limits.segments:
            current.blocks.append(block)
            current.size += block.text.count(block.delimiters.segment) + 1
            if current.size > self._limits.segments:
                self._notice("TOO_MANY_SEGMENTS", block.place, "")

    def _place(self, tag: str, block: Block) -> None:
        elements = block.text.split(block.delimiters.element)
        at = block.byte(0)
        match tag:
            case "GS":
                self._close_group(at)
                self._open_group(at, elements)
            case "GE":
                self._close_set(at)
                if self._group is None:
                    self._add(block)
                else:
                    self._compare_group(self._group, at, elements)
                    end = block.byte(len(block.text))
                    self._group.size = end + 1 - self._group.at
                    self._complete.append(self._group)
                    self._group = None
            case "IEA":
                self._close_group(at)
                if self._interchange is not None:
                    self._compare_interchange(self._interchange, at, elements)
                end = block.byte(len(block.text))
                self.close_interchange(end + 1, ended=True)
            case _:
                if self._interchange is not None and self._group is None:
                    self._interchange.reports.extend(block.segments())
                else:
                    self._add(block)

    def begin(self, header: Header) -> None:
        """Open an interchange; what was open before is closed."""
        self.close_interchange(header.at, ended=False)
        self._groups_seen = set()
        self._is_empty = True
        said = [element.strip() for element in header.elements]
        if not said:
            self._interchange = Interchange(delimiters=header.delimiters, at=header.at)
            return
        self._interchange = Interchange(
            delimiters=header.delimiters,
            sender_qualifier=said[4],
            sender=said[5],
            receiver_qualifier=said[6],
            receiver=said[7],
            date=said[8],
            time=said[9],
            version=said[11],
            control=said[12],
            ack_requested=said[13] == "1",
            usage=said[14],
            at=header.at,
        )
        if not is_control(said[12]):
            self._notice("ISA_CONTROL", header.at, "ISA13", text=said[12])
        if said[14] not in {"T", "P", "I"}:
            self._notice("ISA_USAGE", header.at, "ISA15", text=said[14])

    def close_interchange(self, at: int, *, ended: bool) -> None:
        """Close whatever is open; without IEA where it is not `ended`."""
        self._close_group(
            at, cut=not ended and bool(self._interchange and self._interchange.control)
        )
        interchange, self._interchange = self._interchange, None
        if interchange is None:
            return
        interchange.size = at - interchange.at
        if ended and self._is_empty and not interchange.reports:
            interchange.findings.append(noticed("NO_GROUPS", interchange.at, "ISA"))
        if not ended and interchange.control:
            interchange.findings.append(noticed("NO_IEA", at, "IEA"))
        self._complete.append(interchange)

    def _compare_interchange(self, opened: Interchange, at: int, trailer: list[str]) -> None:
        count, control = element(trailer, 1), element(trailer, 2)
        if not is_same(count, str(opened.group_count)):
            self._notice("IEA_COUNT", at, "IEA01", said=count, found=opened.group_count)
        if opened.control and not is_same(control, opened.control):
            self._notice("IEA_CONTROL", at, "IEA02", said=control, opened=opened.control)

    def _open_group(self, at: int, elements: list[str]) -> None:
        interchange = self._interchange
        assert interchange is not None  # noqa: S101 - a header comes before any segment
        said = [element(elements, number) for number in range(9)]
        self._sets_seen = set()
        self._is_empty = False
        self._group = Group(
            interchange=interchange,
            functional_id=said[1],
            sender=said[2],
            receiver=said[3],
            date=said[4],
            time=said[5],
            control=said[6],
            agency=said[7],
            version=said[8],
            at=at,
        )
        interchange.group_count += 1
        if not is_control(said[6]):
            self._notice("GS_CONTROL", at, "GS06", text=said[6])
        elif came_before(said[6], self._groups_seen):
            self._notice("GROUP_TWICE", at, "GS06", text=said[6])
        if not said[8][:RELEASE_DIGITS].isdecimal():
            self._notice("GS_RELEASE", at, "GS08", text=said[8])

    def _close_group(self, at: int, *, cut: bool = False) -> None:
        """Close the group that is open, which has no GE; `cut`: nor has anything an end."""
        self._close_set(at, cut=cut)
        group, self._group = self._group, None
        if group is None:
            return
        if group.functional_id:
            group.findings.append(noticed("NO_GE", at, "GE", opened=group.control))
        group.size = at - group.at
        self._complete.append(group)

    def _compare_group(self, opened: Group, at: int, trailer: list[str]) -> None:
        opened.claimed, control = element(trailer, 1), element(trailer, 2)
        if not opened.sets:
            self._notice("NO_SETS", opened.at, "GS", said=opened.claimed)
        elif not is_same(opened.claimed, str(opened.sets)):
            self._notice("GE_COUNT", at, "GE01", said=opened.claimed, found=opened.sets)
        if not is_same(control, opened.control):
            self._notice("GE_CONTROL", at, "GE02", said=control, opened=opened.control)

    def _open_set(self, at: int, elements: list[str]) -> None:
        interchange, group = self._interchange, self._group
        assert interchange is not None  # noqa: S101 - a header comes before any segment
        self._is_empty = False
        if group is None:
            group = self._group = Group(interchange=interchange, at=at)
            self._sets_seen = set()
            self._notice("NO_GS", at, "GS")
        group.sets += 1
        set_id, control = element(elements, 1), element(elements, 2)
        self._set = Transaction(
            group=group,
            set_id=set_id,
            control=control,
            implementation=element(elements, 3),
            at=at,
            blocks=[],
        )
        function = FUNCTIONS.get(set_id)
        if function and group.functional_id and function != group.functional_id:
            self._notice("GS_FUNCTION", at, "GS01", said=group.functional_id, set=set_id)
        if len(set_id) != SET_ID_DIGITS or not set_id.isalnum():
            self._notice("ST_ID", at, "ST01", text=set_id)
        if not SET_CONTROL_MIN <= len(control) <= CONTROL_DIGITS_MAX:
            self._notice("ST_CONTROL", at, "ST02", text=control)
        elif came_before(control, self._sets_seen):
            self._notice("SET_TWICE", at, "ST02", text=control)

    def _close_set(self, at: int, *, cut: bool = False) -> None:
        """Close the set that is open, which has no SE; where the file is `cut`, half is gone."""
        current, self._set = self._set, None
        if current is not None:
            code = "CUT_OFF" if cut else "NO_SE"
            current.findings.append(noticed(code, at, "SE", opened=current.control))
            self._complete.append(current)

    def _end_set(self, opened: Transaction, block: Block, here: int, trailer: list[str]) -> None:
        """Close the set that is open at its SE, which stands `here`, and compare."""
        count, control = element(trailer, 1), element(trailer, 2)
        # What lies between two terminators is no segment: then the real count is another.
        if not is_same(count, str(opened.size)) and not is_same(count, str(len(opened.segments))):
            self._notice(
                "SE_COUNT", block.byte(here), "SE01", said=count, found=len(opened.segments)
            )
        if not is_same(control, opened.control):
            self._notice(
                "SE_CONTROL", block.byte(here), "SE02", said=control, opened=opened.control
            )
        self._set = None
        self._complete.append(opened)
