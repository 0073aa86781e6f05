"""Issuing: the keys of a home, its certificates and revocation lists, and the embedded timestamper.

Readers and judges of these things are in ``signkit.x509``; nothing that verifies leans on this room.
"""
