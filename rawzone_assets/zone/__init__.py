"""Where bytes rest: landing is read, deliveries are decided, published or quarantined, and recorded.

The words are those of DESIGN section 2. From the bottom up:

- ``files``       the only calls that change a disk, so that each can be made to fail
- ``layout``      which path everything has; ``codec`` how bytes are stored
- ``ledger``      the append-only, hash-chained sequence of commits: the truth
- ``index``       a disposable look-up table over the ledger
- ``landing``     the extractors' folder: scanned and read, never changed
- ``decision``    what becomes of a judged delivery: pure
- ``placing``     gives staged files their names, or takes them back
- ``committing``  carries a batch of decisions out, all or nothing; ``recovery`` finishes what a crash cut off
- ``publishing``  what writes to the zone: each way in, under the lock and after recovery
- ``promotion``   the whole way of one batch; ``zone`` puts the parts together

Nothing here knows Dagster or which platforms exist.
"""
