"""Results as words for people; JSON needs no rendering."""
