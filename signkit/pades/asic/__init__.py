"""Associated signature containers, ASiC-E with CAdES (ETSI EN 319 162-1): made, read strictly, and judged.

Nothing is imported here, so that the archivist can read containers without the code that makes them.
"""

from __future__ import annotations
