"""Files that lie: documents with risks, and forged signatures, made by code."""
