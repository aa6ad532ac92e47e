"""Real clients, unchanged: every operation of ``ngsildclient`` and ``filip`` against a running broker.

They want older versions of what the project uses, so each runs in an environment of its own: that of the Python named by
``THANGLONG_NGSILDCLIENT`` or ``THANGLONG_FILIP``, or one made here with uv from the package registry.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ngsild.test_serve import broker

pytestmark = pytest.mark.slow
SCRIPTS = Path(__file__).parent / "clients"
CLIENTS = {
    "ngsildclient": ("ngsildclient==0.5.2", "use_ngsildclient.py"),
    "filip": ("filip==0.8.1", "use_filip.py"),
}
PATIENCE = 180


def python_of(name: str, requirement: str, folder: Path) -> str:
    """A Python that has the client; skips, with the reason, where there is none and none can be made."""
    given = os.environ.get(f"THANGLONG_{name.upper()}")
    if given:
        return given
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        pytest.skip(f"set THANGLONG_{name.upper()} to a Python that has {requirement}, or install uv")
    made = folder / "bin" / "python"
    for command in (
        [uv, "venv", "-q", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "-q", "--python", str(made), requirement],
    ):
        try:
            done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, text=True)
        except subprocess.TimeoutExpired:
            pytest.skip(f"{requirement} was not installed in {PATIENCE} seconds")
        if done.returncode:
            pytest.skip(f"{requirement} cannot be installed: {done.stderr.strip()[-300:]}")
    return str(made)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_real_client(name: str, tmp_path: Path) -> None:
    requirement, script = CLIENTS[name]
    python = python_of(name, requirement, tmp_path / "client")
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    with broker("--memory") as (client, _):
        done = subprocess.run(
            [python, str(SCRIPTS / script), str(client.base_url.port)],
            env=own, capture_output=True, timeout=PATIENCE, check=False, text=True,
        )  # fmt: skip
    assert done.returncode == 0 and done.stdout.strip().endswith("all fine"), (
        f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
    )
