"""The archivist: what is said about a file or a home is checked here, from bytes and trust anchors alone."""
