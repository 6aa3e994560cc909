"""ASC X12 syntax: bytes to interchanges, groups, sets and segments, and back.

tokens      bytes to segments, through a window that moves
headers     what headers and trailers may say
envelope    segments to interchanges, groups and sets
writer      sets to bytes
findings    what can be noticed on the way, by class

Nothing that partners send is refused here: it becomes findings by class, with the byte where it
stands, and the partner's profile says what to make of them.
"""
