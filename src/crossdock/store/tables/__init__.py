"""One table a file, the same for every store that speaks SQL: its rows read and written.

How a statement is written is a store's own, in the `.sql` file of the same name beside the store.
"""
