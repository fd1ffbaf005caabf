"""Archives made from names and contents, for the tests."""

import io
import tarfile
import zipfile


def tar(members: dict[str, bytes], mode: str = "w:xz") -> bytes:
    """A tar archive, compressed as `mode` says."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def ar(members: dict[str, bytes]) -> bytes:
    """An ar archive, as Debian packages are."""
    packed = b"!<arch>\n"
    for name, content in members.items():
        header = f"{name:16}{0:<12}{0:<6}{0:<6}{'100644':8}{len(content):<10}".encode() + b"`\n"
        packed += header + content + b"\n" * (len(content) % 2)
    return packed


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip archive, as wheels are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()
