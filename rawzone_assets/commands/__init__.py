"""The commands of ``rawzone``: one module a command, each with a click command named ``command``.

``cli`` imports a module only when its command is used. What a command prints and with which code it exits
belongs here; what it finds out belongs to the packages below.
"""
