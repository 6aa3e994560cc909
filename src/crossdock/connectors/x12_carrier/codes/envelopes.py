"""What acknowledgements say: the codes of 997, 999 and TA1, and which set stands in which group.

Sources: ASC X12 004010 and 005010, elements 479, 715, 717, I17, 720, 723; the words are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.messages.acknowledgement import Verdict

# Element 715 (AK9-01), 717 (AK5-01) and I17 (TA1-04). M, W and X reject for security reasons.
VERDICTS: Mapping[str, Verdict] = {
    "A": Verdict.ACCEPTED,
    "E": Verdict.ACCEPTED_WITH_ERRORS,
    "P": Verdict.PARTIAL,
    "R": Verdict.REJECTED,
    "M": Verdict.REJECTED,
    "W": Verdict.REJECTED,
    "X": Verdict.REJECTED,
}

# Element 479, GS01, of the sets we write.
FUNCTIONAL_IDS: Mapping[str, str] = {
    "204": "SM",
    "990": "GF",
    "214": "QM",
    "997": "FA",
    "999": "FA",
}

# Element 720 (AK3-04, IK3-04).
SEGMENT_FAULTS: Mapping[str, str] = {
    "1": "is no segment anybody knows",
    "2": "does not belong here",
    "3": "is missing",
    "4": "begins a loop once too often",
    "5": "stands there too often",
    "6": "is not in this set",
    "7": "is out of its order",
    "8": "has faulty elements",
}
# Element 723 (AK4-03, IK4-03).
ELEMENT_FAULTS: Mapping[str, str] = {
    "1": "is missing",
    "2": "is missing beside another one",
    "3": "is one element too many",
    "4": "is too short",
    "5": "is too long",
    "6": "has characters it must not have",
    "7": "has a code that is in no list",
    "8": "is no date",
    "9": "is no time",
    "10": "must not stand beside another one",
    "12": "is repeated too often",
    "13": "has too many components",
}
