"""The published system API, version 1: the words that partners without a dialect of their own use.

`words` are the shapes, `codes` the lists, `times` the reading of times, `reading` the way through a
document, `parts` and `tracking` the way to canonical objects, `writing` the way back, `calls` and
`answers` what goes over the wire. All of it is pure; docs/reference/system-api.md tells it to
partners.
"""
