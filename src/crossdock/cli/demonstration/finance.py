"""Finance works through its queue when the day is done: a second person where money needs one.

By load, in turn: one is approved as billed, one is disputed, one is left in the queue.
"""

from __future__ import annotations

from typing import Any

import aiohttp

from crossdock.apis.process.v1.freight_decisions import DECIDED
from crossdock.apis.process.v1.routes import BASE
from crossdock.cli.demonstration.stage import Stage

VERDICTS = {"approve": "agreed with the carrier", "dispute": "not as it was offered"}


async def work_through(stage: Stage) -> None:
    """Decide about the loads under review, by the API, one person after the other."""
    async with aiohttp.ClientSession(stage.hub_url, raise_for_status=True) as session:
        loads = await _under_review(session)
        for number, load_id in enumerate(loads):
            verdict = (*VERDICTS, "")[number % 3]
            for token in stage.operators.values() if verdict else ():
                if await _say(session, token, load_id, verdict) == DECIDED:
                    break


async def _under_review(session: aiohttp.ClientSession) -> list[str]:
    """Read the queue to its end; answer the loads in it, the longest waiting first."""
    loads: dict[str, None] = {}
    after = ""
    while True:
        asked = {"view": "review", "after": after}
        async with session.get(f"{BASE}/freight", params=asked) as answer:
            page: dict[str, Any] = await answer.json()
        loads |= dict.fromkeys(each["load_id"] for each in page["charges"])
        after = page.get("after", "")
        if not after:
            return list(loads)


async def _say(session: aiohttp.ClientSession, token: str, load_id: str, verdict: str) -> str:
    """Say a word about all that is open of a load; answer what became of it."""
    word = {"verdict": verdict, "reason": VERDICTS[verdict]}
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{BASE}/freight/{load_id}/decisions"
    async with session.post(path, json=word, headers=headers) as answer:
        return str((await answer.json())["status"])
