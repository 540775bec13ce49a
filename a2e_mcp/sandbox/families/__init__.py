"""What each call does: one module per section of A2E's menu, each with its `BEHAVIOUR`.

Every module of this folder is found automatically, so a new one needs no entry anywhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import reduce
from operator import or_

from a2e_mcp.sandbox.behaviour.behaviour import Behaviour


def all_behaviour() -> Behaviour:
    """How every call is answered, started and priced."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return reduce(or_, (module.BEHAVIOUR for module in modules), Behaviour())
