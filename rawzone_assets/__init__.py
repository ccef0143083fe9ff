"""Raw Zone: landed files become immutable, validated, hashed and audited raw objects.

The packages below this one import downwards only (DESIGN section 3, held by import-linter)::

    definitions, cli -> orchestration -> health, access -> zone -> contract <- platforms
"""

__version__ = "0.1.0"
