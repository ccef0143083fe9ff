"""What a delivery should not give away."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

SECRET = declare(
    "RZ-SECRET",
    Role.STRUCTURE,
    blocks=False,
    title="The delivery holds a secret",
    explanation=(
        "The bytes hold what opens something else: an access token, session id, key or password. It refuses "
        "the delivery only where secrets are to be quarantined (RAWZONE_SECRETS, policy.toml)."
    ),
    remedy="Revoke the secret, and have the extractor leave it out. The receipt's access class says 'secret'.",
    source="FORMATS 12, secret scan",
)
PERSONAL_DATA = declare(
    "RZ-PERSONAL-DATA",
    Role.STRUCTURE,
    blocks=False,
    title="The delivery holds personal data",
    explanation=(
        "The bytes hold e-mail addresses where this feed usually has none. It refuses the delivery only where "
        "secrets are to be quarantined (RAWZONE_SECRETS, policy.toml)."
    ),
    remedy="Nothing, if they belong there: declare the kind in the feed's usual_exposures.",
    source="FORMATS 12, personal-data scan",
)
