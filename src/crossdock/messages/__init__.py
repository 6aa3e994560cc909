"""Messages: Command Message, Event Message, Document Message (EIP), one file per business process.

`registry` knows every body by its type name; `envelope` holds what all have in common.
"""
