"""A small language model behind llama.cpp's own HTTP server, and the product's command beside it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import sys, time, xllamacpp as x
p = x.CommonParams()
p.model.path, p.port, p.hostnames = sys.argv[1], int(sys.argv[2]), ["127.0.0.1"]
p.n_ctx, p.n_parallel, p.cpuparams.n_threads = 8192, 2, 1
server = x.Server(p)
while True:
    time.sleep(3600)
"""


class Server:
    """One model at a time behind one URL; ``home`` holds venv/bin/python (with xllamacpp), and models as NAME.gguf."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.home, self.port = home, free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def serve(self, name: str) -> None:
        self.stop()
        python = self.home / "venv" / "bin" / "python"
        command = [str(python), "-c", SERVE, str(self.home / f"{name}.gguf"), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as reply:
                    if json.load(reply).get("status") == "ok":
                        return
            except OSError:
                time.sleep(0.5)
        sys.exit(f"the {name} model does not answer on port {self.port}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


def watchdog(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The product's command, of this checkout, in a folder."""
    command = [sys.executable, "-P", "-m", "eval_watchdog", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)
