"""A week of a fictive municipality, seen from the outside: ``python -m simulation --envelopes 300 --seed 7``.

Clerks, cron and people act in processes of their own on one home, whose clock is moved on; mail, webhook, timestamps
and the witness fail at times, and processes are killed. A model of what must have come of it is kept beside; at the
end every file is exported and verified, and every letter is accounted for.
"""
