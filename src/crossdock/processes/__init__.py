"""Process Managers (EIP): one file for each business process, pure; `decide` does the branching."""
