"""The same work on systems that others use for it, each written as its own documentation advises.

    python -m benchmarks.peers NAME [--seconds 8] [--latency-seconds 5]

runs one of them in the peers' environment (`make peers` lays it out) and prints one line of JSON.
What every peer must offer is in `work`; how the work is driven, in `drive`. Partners answer at
once and cost nothing: what is measured is the peer, its server and the disk.
"""

PEERS = ("dbos", "temporal", "restate", "celery", "procrastinate")
