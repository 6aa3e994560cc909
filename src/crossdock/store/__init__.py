"""Message Store (EIP): everything that happened, and everything still to happen, in one place.

`memory` forgets when it ends; `sqlite` is one durable file; `postgres` is a database that many
processes write. They behave the same, shown by `crossdock.testing.store_conformance`.
"""
