"""The journal: entries, their chains, the tree over all of them, and its signed checkpoints."""
