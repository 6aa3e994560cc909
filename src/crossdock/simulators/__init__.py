"""Partners to practise with: ERP, TMS and carriers as separate processes, with faults by seed.

They speak the published system-API shapes over real loopback HTTP and keep ledgers of their own,
by what they read on the wire. `run` starts one, `mischief` lists what can go wrong, `auditor`
counts what did. docs/how-to/simulate-a-partner.md shows how to use them without a sandbox.
"""
