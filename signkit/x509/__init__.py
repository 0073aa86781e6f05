"""Reading and checking X.509 and its neighbours: certificates, lists, RFC 7773, RFC 3161 tokens, trust anchors.

Nothing here issues or fetches anything. Import from the modules; errors are ``X509Error`` (a ValueError with a code).
"""
