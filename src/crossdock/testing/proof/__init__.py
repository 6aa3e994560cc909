"""Proof by destruction: the real house is stopped at every point, and asked what it still knows.

`day` is the story that is told, with all that may go wrong in it; `partners` are those it is told
by and to, each with a ledger of its own. `points` ends a process at the n-th point, and `crashing`
does so at each of them. `power` is a disk that forgets, and `cutting` cuts its current. `verdict`
says what must be true afterwards.
"""
