"""Processors and memory, as machines, containers and sandboxes tell them."""

import os

import pytest

from charrnn.device import cgroup, memory
from charrnn.device.memory import available_memory
from charrnn.device.processors import affinity, processors

UNLIMITED = {"cpu.max": "max 100000", "memory.max": "max", "memory.current": "5", "memory.stat": "inactive_file 1"}


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A function that makes control groups: files by folder, and the line that says which group is this process's."""
    monkeypatch.setattr(cgroup, "ROOT", tmp_path / "fs")
    monkeypatch.setattr(cgroup, "OWN", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)

    def make(own, **folders):
        (tmp_path / "own").write_text(own)
        for folder, files in folders.items():
            place = tmp_path / "fs" / folder.replace("_", "/")
            place.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (place / name).write_text(f"{content}\n")

    return make


@pytest.mark.parametrize(("quota", "number"), [("50000", 1), ("150000", 2), ("800000", 8), ("6400000", 8), ("max", 8)])
def test_a_share_of_the_processors(groups, quota, number):
    groups("0::/job\n", job=UNLIMITED | {"cpu.max": f"{quota} 100000"})
    assert processors() == number


def test_an_outer_group_limits_as_well(groups):
    groups("0::/a/b\n", a={"cpu.max": "100000 100000"}, a_b={"cpu.max": "400000 100000"})
    assert processors() == 1


@pytest.mark.parametrize(("quota", "number"), [("-1", 8), ("200000", 2)])
def test_the_first_version_of_control_groups(groups, quota, number):
    groups(
        "4:cpu,cpuacct:/job\n3:memory:/job\n",
        cpu_job={"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": "100000"},
        memory_job={
            "memory.limit_in_bytes": "1000",
            "memory.usage_in_bytes": "600",
            "memory.stat": "cache 9\ntotal_inactive_file 50",
        },
    )
    assert processors() == number
    assert available_memory() == 450


def test_a_container_sees_its_group_as_the_root(groups):
    groups("0::/\n", **{"": {"cpu.max": "100000 100000"}})
    assert processors() == 1


def test_what_cannot_be_read_limits_nothing(groups):
    assert processors() == 8 and cgroup.memory_left() is None
    groups("0::/gone\nnonsense 1:2:3\n")
    assert processors() == 8
    groups("0::/job\n", job={"cpu.max": "nonsense", "memory.max": "1", "memory.current": ""})
    assert processors() == 8 and cgroup.memory_left() is None


@pytest.mark.parametrize("error", [AttributeError, PermissionError, OSError(38, "Function not implemented")])
def test_a_system_that_does_not_tell_its_processors(groups, monkeypatch, error):
    def refuse(process):
        raise error

    monkeypatch.setattr(os, "sched_getaffinity", refuse)
    assert affinity() == set() and processors() == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1


def test_free_memory_is_that_of_the_machine_or_of_the_group(groups, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    (tmp_path / "meminfo").write_text("MemTotal:  9 kB\nMemAvailable:   3 kB\n")
    assert available_memory() == 3072
    groups("0::/job\n", job={"memory.max": "1000", "memory.current": "900", "memory.stat": "anon 1\ninactive_file 100"})
    assert available_memory() == 200
    groups("0::/job\n", job={"memory.current": "2000"})  # more than the limit, for a moment
    assert available_memory() == 0


def test_a_limit_of_the_address_space(groups, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "STATM", tmp_path / "statm")
    monkeypatch.setattr(memory.resource, "getrlimit", lambda kind: (100_000, 200_000))
    monkeypatch.setattr(memory.resource, "getpagesize", lambda: 4096)
    assert available_memory() == 100_000
    (tmp_path / "statm").write_text("10 5 3 1 0 4 0\n")
    assert available_memory() == 100_000 - 40960
    (tmp_path / "statm").write_text("1000 5 3 1 0 4 0\n")
    assert available_memory() == 0
    monkeypatch.setattr(memory, "resource", None)
    assert available_memory() > 100_000


def test_a_system_without_proc_asks_the_c_library_or_does_not_know(monkeypatch, tmp_path, groups):
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "gone")
    monkeypatch.setattr(os, "sysconf", {"SC_AVPHYS_PAGES": 3, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert available_memory() == 12288

    def unknown(name):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", unknown)
    assert available_memory() is None
