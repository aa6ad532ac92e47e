"""Files named by their content, and the senders of a machine without a provider."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Outgoing
from thanglong.stores.files.blobs import FileBlobs
from thanglong.stores.files.senders import ConsoleSender, FileSender


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> FileBlobs:
    return FileBlobs(tmp_path_factory.mktemp("files"))


@given(st.binary(max_size=5000))
def test_what_is_put_is_read_back_under_its_digest(blobs: FileBlobs, content: bytes) -> None:
    blob = blobs.put(content)
    assert (blob.digest, blob.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert blobs.has(blob.digest)
    with blobs.open(blob.digest) as stream:
        assert stream.read() == content
    assert blobs.put(io.BytesIO(content)) == blob, "a stream gives the same, and twice is once"


def test_a_deleted_or_unknown_file_is_not_found(blobs: FileBlobs) -> None:
    blob = blobs.put(b"gone soon")
    blobs.delete(blob.digest)
    assert not blobs.has(blob.digest)
    with pytest.raises(NotFound):
        blobs.open(blob.digest)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 63 + "/"])
def test_a_name_that_is_no_digest_reaches_no_file(blobs: FileBlobs, name: str) -> None:
    with pytest.raises(NotFound):
        blobs.open(name)


def test_a_write_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the line broke")

    store = FileBlobs(tmp_path)
    with pytest.raises(OSError, match="the line broke"):
        store.put(Broken())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_senders_write_one_line_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = Outgoing("email", "dan@example.org", "Mã xác nhận", "Mã của bạn là 123456")
    sender = FileSender(tmp_path / "outbox.jsonl")
    sender.send(message)
    sender.send(message)
    lines = (tmp_path / "outbox.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["to"] for line in lines] == ["dan@example.org"] * 2
    ConsoleSender().send(message)
    assert "123456" in capsys.readouterr().err
