"""What is made at run time: two C programs, and Node's ws."""

import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
WS_VERSION = "8"


class NoTool(Exception):
    """Why a part of the benchmark cannot run here."""


def compile_c(source: str, folder: Path) -> Path:
    """The program of a C file.

    Raises:
        NoTool: there is no compiler, or no zlib.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoTool("there is no C compiler: install one that is called cc")
    program = folder / Path(source).stem
    command: list[str | Path] = [compiler, "-O2", "-Wall", "-o", program, HERE / source, "-lz"]
    if subprocess.run(command, check=False).returncode:
        raise NoTool(f"{source} could not be compiled: install zlib with its headers")
    return program


def install_ws(folder: Path) -> Path:
    """The module ``ws``, installed below the folder.

    Raises:
        NoTool: there is no Node, or the package cannot be had.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoTool("there is no node, or no npm")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", f"ws@{WS_VERSION}"]
    done = subprocess.run(
        [*command, "--prefix", folder], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise NoTool(f"npm could not install ws: {done.stderr.strip() or done.stdout.strip()}"[:200])
    return folder / "node_modules" / "ws"
