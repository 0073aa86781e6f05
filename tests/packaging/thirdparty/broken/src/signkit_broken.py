"""A provider whose own imports fail."""

raise RuntimeError("this distribution is broken")
