"""System API, version 1: partners deliver their documents here."""
