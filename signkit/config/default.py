"""The configuration file of a new home."""

from __future__ import annotations

__all__ = ["default_toml"]


def default_toml(
    *, environment: str, organisation: str, origin: str, language: str, database: str | None = None
) -> str:
    """Return the configuration file of a new home, with a comment for each choice."""
    services = '["embedded"]' if environment == "test" else "[]"
    provider = "rehearsal" if environment == "test" else "bankid"
    where = '# database = "postgresql+psycopg://…"   # default: one SQLite file in this folder'
    if database is not None:
        where = f"database = {_quoted(database)}"
    return f"""\
# signkit: the settings of this home. An unknown key is an error.

[home]
environment = "{environment}"          # test: says TEST everywhere; production: refuses test roots and rehearsal
organisation = {_quoted(organisation)}
origin = {_quoted(origin)}            # name of the journal; never change it
language = "{language}"                # sv, en or da: documents and messages
{where}

[sign]
provider = "{provider}"           # unless the signatory or --provider says otherwise

# [providers.bankid]                    # docs/bankid.md; a test home without it: signkit simulator serve
# certificate = "keys/bankid.p12"
# password_file = "keys/bankid.password"
# server_ca = "keys/bankid-server.pem"

[timestamps]
services = {services}          # tried in order; "embedded" (test homes only) or names of [timestamp.NAME]
timeout_seconds = 20

# [timestamp.example]
# url = "https://tsa.example.org/"
# username = "…"                        # with password_file, if the service asks
# password_file = "keys/tsa-password"
# crl_urls = ["http://…"]               # lists that its certificates do not name
# certificates = ["tsa-chain.pem"]      # certificates that its tokens leave out

# [delivery]                            # docs/delivery.md; default: letters as files in the folder outbox
# method = "smtp"                       # outbox, smtp, webhook or none
# sender = "Björkviks kommun <underskrift@bjorkvik.example>"
# [delivery.smtp]
# host = "mail.bjorkvik.example"        # port 587 with STARTTLS unless said otherwise
# username = "…"
# password_file = "keys/smtp-password"

# [notify]                              # who is told what at which event; docs/delivery.md has the whole table
# clerk = "registrator@bjorkvik.example"
# meeting = "hos nämndsekreteraren, stadshuset rum 214"
# contact = "Registrator, 0123-45 60 00"
# signed = ["clerk"]

# [remind]
# most = 8                              # to one person about one envelope; 0: never by itself
# from_hour = 7                         # Swedish time; nobody is disturbed before, nor from to_hour on
# to_hour = 20
# weekends = false

# [journal]
# witnesses_needed = 1                  # how many of [witness.NAME] must vouch for a checkpoint

# [s3]                                  # for: signkit journal publish s3://BUCKET/PREFIX
# endpoint = "https://s3.example.org"
# region = "eu-north-1"
# access_key = "…"
# secret_file = "keys/s3-secret"

# [retention]                           # days after its end until names and evidence are due to be erased
# protocol = 3650

# [witness.neighbour]
# url = "https://witness.example.org/"
# key = "…+…+…"                         # the verifier key that its operator gave you
"""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char >= " " and char != "\x7f" else " " for char in escaped) + '"'
