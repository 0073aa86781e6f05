"""Public helpers for tests: conformance suites, a fake clock, factories of files and attacks."""
