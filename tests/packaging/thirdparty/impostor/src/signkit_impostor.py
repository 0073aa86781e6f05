"""A provider that would like to be taken for signkit's own."""

raise AssertionError("an impostor must never be imported")
