"""What the file is before it is read: its bytes, its kind, its sidecar."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

EMPTY_FILE = declare(
    "RZ-EMPTY-FILE",
    Role.STRUCTURE,
    blocks=True,
    title="The file has no bytes",
    explanation=(
        "A file of zero bytes holds no delivery; an extractor that failed after opening it leaves one."
    ),
    remedy="Run the extractor again. An account without data still delivers a header or an empty list.",
    source="FORMATS 9, half-written file",
)
TOO_LARGE = declare(
    "RZ-TOO-LARGE",
    Role.STRUCTURE,
    blocks=True,
    title="The file is larger than its feed allows",
    explanation=(
        "Each feed has a size limit far above any real delivery, so that no file can exhaust memory. A copy is "
        "kept in quarantine, but of a file above 1 GiB and its feed's limit none is made: it stays in landing, "
        "recorded and unread."
    ),
    remedy="Look at what was delivered. If the feed has really grown, raise max_size in its platform file.",
    source="DESIGN 5.2",
)
BEYOND_LIMITS = declare(
    "RZ-BEYOND-LIMITS",
    Role.STRUCTURE,
    blocks=True,
    title="Judging it exceeds the limits",
    explanation="The content took more memory or time than any real delivery; its judging was ended.",
    remedy="Look at the quarantined copy with care: it may have been made to do this.",
    source="DESIGN 5.3",
)
SIDECAR_MISMATCH = declare(
    "RZ-SIDECAR-MISMATCH",
    Role.INTEGRITY,
    blocks=True,
    title="The file is not the one its sidecar describes",
    explanation="The producer's sidecar states a size or SHA-256 that the landed bytes do not have.",
    remedy=(
        "The transfer was cut or altered: land the file again together with its sidecar. Where the sidecar "
        "alone was wrong, land both in another folder of the platform: the same bytes in the same place are "
        "settled."
    ),
    source="RAW_ZONE Integrity",
)
SIDECAR_UNREADABLE = declare(
    "RZ-SIDECAR-UNREADABLE",
    Role.INTEGRITY,
    blocks=False,
    title="The sidecar cannot be read",
    explanation="The sidecar beside the delivery is not a JSON object with the documented fields.",
    remedy="Correct the extractor's sidecar; the delivery itself is judged without it.",
    source="DESIGN 2, Delivery",
)
NOT_A_REGULAR_FILE = declare(
    "RZ-NOT-A-REGULAR-FILE",
    Role.STRUCTURE,
    blocks=True,
    leaves=True,
    title="Not a regular file",
    explanation="Symbolic links, pipes, sockets and devices are never opened: they can lead outside landing.",
    remedy="Land the file itself.",
    source="DESIGN 5.2",
)
ERASED_BY_LAW = declare(
    "RZ-ERASED-BY-LAW",
    Role.INTEGRITY,
    blocks=True,
    leaves=True,
    title="The same bytes were erased by law",
    explanation=(
        "A delivery has exactly the bytes of one that was erased because the law demands it. It is recorded "
        "and left where it is: neither raw nor quarantine gets a copy."
    ),
    remedy="Remove the file from landing and from where it came from; 'rawzone log --all' says who ordered it.",
    source="ADR 49, erasure",
)
BORROWED_FILE = declare(
    "RZ-BORROWED-FILE",
    Role.STRUCTURE,
    blocks=True,
    leaves=True,
    title="A hard link to another user's private file",
    explanation=(
        "The file has other names, belongs to somebody else than the folder it was landed in, and not all may "
        "read it. Whoever may write to landing could so have any file published that promotion may read."
    ),
    remedy="Land a copy of the file, owned by the extractor.",
    source="DESIGN 5.2",
)
