"""The command line of signkit."""
