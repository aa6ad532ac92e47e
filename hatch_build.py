"""Hatch hook: a wheel carries the built front end and the compiled catalogues.

An editable install skips it: there ``./thanglong`` builds the same assets when their sources change.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))


class AssetsHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or self.target_name != "wheel":
            return
        import build_assets

        build_assets.main([])
