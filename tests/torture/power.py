"""A power failure: what a process wrote and did not sync is lost, and so are names that no folder was synced for."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.faults import Fault, die


@dataclass
class PowerFailure(Fault):
    """A kill at operation number `at`, after which the folder is as its disk has it.

    zeros: the disk has all names, and zeros in place of what was not synced, as some file systems do.
    """

    zeros: bool = False
    folder: Path = Path()
    synced: dict[int, bytes] = field(default_factory=dict)  # content by inode, as of the last sync of the file
    disk: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # inode and content of each name on the disk

    def install(self, folder: Path) -> None:
        """See `Fault.install`."""
        self.folder = folder
        super().install(folder)

    def begins(self, path: Path) -> None:
        """A new file may have the inode of an older one, and has not its content."""
        self.synced.pop(path.stat().st_ino, None)

    def syncs(self, descriptor: int) -> None:
        """Take what is in the file, or the names in the folder."""
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path == self.folder:
            self.disk = self.listed()
        elif path.is_file():
            inode = path.stat().st_ino
            self.synced[inode] = path.read_bytes()
            if self.disk.get(path.name, (0, b""))[0] == inode:
                self.disk[path.name] = (inode, self.synced[inode])

    def listed(self) -> dict[str, tuple[int, bytes]]:
        """All names there are, each with what was synced of its file."""
        inodes = {path.name: path.stat().st_ino for path in self.folder.iterdir()}
        return {name: (inode, self.synced.get(inode, b"")) for name, inode in inodes.items()}

    def end(self) -> None:
        """Leave on the disk only what must be there."""
        if self.folder.is_dir():
            sizes = {path.name: path.stat().st_size for path in self.folder.iterdir()}
            disk = self.listed() if self.zeros else self.disk
            for name in sizes:
                (self.folder / name).unlink()
            for name, (_, content) in disk.items():
                (self.folder / name).write_bytes(content.ljust(sizes[name], b"\0") if self.zeros else content)
        die()
