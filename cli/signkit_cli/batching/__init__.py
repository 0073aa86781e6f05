"""Many steps from one file: what they are (items), what is done already (ledger), and doing them (running)."""

__all__: list[str] = []
