"""What the simulated BankID server returns when somebody has entered the code."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

from signkit_providers.simulator.document import Content, ocsp_answer, signature_document
from signkit_providers.simulator.order import Order
from signkit_providers.simulator.persons import Person
from signkit_providers.simulator.pki import SimulatorPki
from signkit_providers.simulator.validation import Kind

__all__ = ["completion_maker"]

_PLATFORMS = {"mobile": ("ANDROID", "14"), "file": ("OS_X", "14.5"), "card": ("WINDOWS", "10")}


def completion_maker(pki: SimulatorPki) -> Callable[[Order, Person, datetime], dict[str, Any]]:
    """Return the function that makes ``completionData`` with the keys of ``pki``."""

    def complete(order: Order, person: Person, now: datetime) -> dict[str, Any]:
        request = order.request
        signer = pki.person(person, function=order.kind.function)
        platform, version = _PLATFORMS[person.kind]
        content = Content(
            function=order.kind.function,
            relying_party=order.relying_party,
            visible=request.visible,
            visible_format=request.visible_format,
            hidden=request.hidden,
            version=person.app_version,
            platform=platform,
            platform_version=version,
            uhi=person.uhi,
            policies=request.policies,
        )
        signature = b64encode(signature_document(content, signer, (pki.customer, pki.bank))).decode("ascii")
        answer = ocsp_answer(
            signature, subject=signer.certificate, issuer=pki.customer, responder=pki.responder, at=now
        )
        data: dict[str, Any] = {
            "user": {
                "personalNumber": person.number,
                "name": person.name,
                "givenName": person.given_name,
                "surname": person.surname,
            },
            "device": {"ipAddress": order.ip_address, "uhi": person.uhi},
            "bankIdIssueDate": f"{signer.certificate.not_valid_before_utc:%Y-%m-%d}Z",
            "signature": signature,
            "ocspResponse": b64encode(answer).decode("ascii"),
        }
        if request.mrtd and order.mrtd is not None:
            data["stepUp"] = {"mrtd": order.mrtd}
        if request.return_risk and order.kind is not Kind.OTHER_PAYMENT:
            data["risk"] = person.risk
        return data

    return complete
