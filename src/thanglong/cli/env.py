"""What a command needs before Django can be set up."""

import os
import sys
from pathlib import Path

SETTINGS = "thanglong.site.settings"


def prepare_environment(data: Path) -> Path:
    """Point the settings at the data folder and make it; ends with a clear sentence when that cannot be done."""
    if data == Path("data"):
        data = Path(os.environ.get("THANGLONG_DATA", "data"))
    folder = data.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run").mkdir(exist_ok=True)
    except OSError as error:
        sys.exit(f"thanglong: the data folder {folder} cannot be made: {error.strerror}. Choose another with --data.")
    os.environ["THANGLONG_DATA"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    return folder


def load() -> None:
    """Load all code that the processes of a city run, and run none of it: they are forked from here."""
    import gc
    import importlib

    import django

    django.setup()
    for name in ("site.urls", "site.compose", "cli.processes", "surfaces.ngsild.app", "surfaces.stream.app"):
        importlib.import_module(f"thanglong.{name}")
    gc.collect()


def setup() -> None:
    """Set Django up and plug the adapters in."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import importlib

    import django

    django.setup()
    # by name: the composition root stands above the command line, which only starts it
    importlib.import_module("thanglong.site.compose").plug()
