"""Words: what a carrier said to an offer, which came last, and what counts where nobody knows.

A leaf of order_release.
"""

from __future__ import annotations

import msgspec

from crossdock.messages.order_release import TenderAnswered
from crossdock.processes.order_release_state import Offer, OfferVerdict, Word

_LEAST_BINDING = (OfferVerdict.DECLINED, OfferVerdict.COUNTERED, OfferVerdict.ACCEPTED)


def word_of(said: TenderAnswered) -> Word:
    """Read a carrier's word."""
    verdict = OfferVerdict.ACCEPTED
    if not said.accepted:
        countered = said.counter is not None
        verdict = OfferVerdict.COUNTERED if countered else OfferVerdict.DECLINED
    return Word(
        verdict=verdict,
        said_at=said.answered_at,
        said_as=said.revision,
        reason=said.reason,
        counter=said.counter,
    )


def heard(offer: Offer) -> tuple[Word, ...]:
    """List what a carrier said to an offer; of one from before words were kept, what counted."""
    if offer.words or offer.overruled or offer.word is None:
        return offer.words
    kept = Word(
        verdict=offer.word,
        said_at=offer.said_at,
        said_as=offer.said_as,
        reason=offer.reason,
        counter=offer.counter,
    )
    return (kept,)


def last_words(offer: Offer) -> tuple[Word, ...]:
    """List the words after which the carrier is not known to have said anything else."""
    words = heard(offer)
    return tuple([each for each in words if not any(is_older(each, one) for one in words)])


def is_older(word: Word, other: Word) -> bool:
    """Tell whether a carrier surely said a word before another: by its count, else by time."""
    if word.said_as and other.said_as:
        return word.said_as < other.said_as
    return word.said_at is not None and other.said_at is not None and word.said_at < other.said_at


def standing_word(offer: Offer) -> Word:
    """Choose the word that counts: the last, and where nobody knows which, the least binding.

    A load that is offered to the next carrier by mistake can be taken back; one that nobody
    fetches cannot.
    """
    return min(last_words(offer), key=_binding)


def _binding(word: Word) -> tuple[int, bytes]:
    return _LEAST_BINDING.index(word.verdict), msgspec.json.encode(word)


def may_be_taken(offer: Offer) -> bool:
    """Tell whether the carrier may have said something else than no last."""
    return any(each.verdict is not OfferVerdict.DECLINED for each in last_words(offer))


def is_contested(offer: Offer) -> bool:
    """Tell whether a carrier said both yes and no, and nobody knows which came last."""
    said = {each.verdict for each in last_words(offer)}
    return {OfferVerdict.ACCEPTED, OfferVerdict.DECLINED} <= said
