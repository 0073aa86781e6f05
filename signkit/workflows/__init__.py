"""The clerk's use cases. Each takes a ``Desk`` with all it needs; none knows configuration, plug-ins or a terminal.

* ``create.create_envelope``: documents read, risks judged, pages and fields made (R0, R1)
* ``send.send_envelope``: certification seal with the manifest (R2)
* ``ceremony``: one ceremony of one person over any number of envelopes, in steps without sleeps (R3…Rk)
* ``ending``: decline, void, expire
* ``complete.complete_envelope``: completion seal and archive timestamp (Rk+1, Rk+2), resumable at any point
* ``export.export_envelope``: the files that leave the house
* ``view``: an envelope as people and scripts see it
"""
