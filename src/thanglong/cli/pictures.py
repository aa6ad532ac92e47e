"""How the command line draws: SVG without a screen, the same file for the same numbers."""

from pathlib import Path
from typing import Any

INK, GOLD, BLUE, GREY, RED = "#1d2433", "#b58a1b", "#1f5fa8", "#9aa3b2", "#a8321f"


def figure(width: float, height: float) -> tuple[Any, Any]:
    """A matplotlib figure of so many inches and its axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = "thanglong"
    made = Figure(figsize=(width, height), layout="constrained")
    axes = made.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)
    return made, axes


def save(made: Any, path: Path) -> Path:
    """Writes the picture, and says where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made.savefig(path, metadata={"Date": None})
    return path
