"""Stories of flow, told over the memory and the SQLite store alike."""
