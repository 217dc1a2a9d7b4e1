"""Who is still alive."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from watchdog.store.ownership import may_be_alive, this_process

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system has no /proc")


def named(pid):
    """Another process under the name it would give itself."""
    started = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return f"{socket.gethostname()}:{pid}:{started}"


@needs_proc
def test_a_process_that_ended_is_gone_even_before_its_parent_has_asked_how():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = named(child.pid)
    assert may_be_alive(owner)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it ended and stays a zombie
    assert not may_be_alive(owner)
    child.wait()
    assert not may_be_alive(owner)


def test_this_process_is_alive_and_its_number_under_another_start_is_not():
    assert may_be_alive(this_process())
    host, pid, _ = this_process().split(":")
    assert not may_be_alive(f"{host}:{pid}:1")


@pytest.mark.parametrize("owner", ["another-machine:1:1", "no name at all"])
def test_what_cannot_be_asked_may_be_alive(owner):
    assert may_be_alive(owner)
