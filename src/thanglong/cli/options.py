"""Options that many commands have, so that each means and says the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", help="Folder that holds everything the installation stores.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done, and every problem.")]
