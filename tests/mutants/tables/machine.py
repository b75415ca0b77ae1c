"""What runs on the machine of whoever starts X18: embedded servers, secrets, logs."""

from typing import Final

from tests.mutants.mutant import Mutant

EMBEDDED: Final = [
    Mutant(
        "a folder of data is made aside and renamed when it is whole",
        "runtime/embedded/postgres.py",
        'fresh = folder.with_name(f"{folder.name}.new")',
        "fresh = folder",
        ("runtime/test_embedded.py",),
    ),
    Mutant(
        "PostgreSQL asks the kernel who connects",
        "runtime/embedded/postgres.py",
        "local all all peer map=x18",
        "local all all trust",
        ("runtime/test_embedded.py",),
    ),
    Mutant(
        "a folder for sockets that another user made is refused",
        "runtime/embedded/folders.py",
        "if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()) or found.st_mode & 0o022:",
        "if False:",
        ("runtime/test_embedded.py",),
    ),
    Mutant(
        "PostgreSQL does not keep root's groups",
        "runtime/embedded/launcher.py",
        "        os.setgroups([])\n        os.setgid(gid)\n",
        "",
        ("runtime/test_embedded.py",),
    ),
    Mutant(
        "servers end with the process that started them",
        "runtime/embedded/launcher.py",
        "ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)",
        "pass",
        ("runtime/test_embedded.py",),
    ),
    Mutant(
        "a number of a process that another one has now is forgotten",
        "runtime/embedded/processes.py",
        "return folder.exists() and place.samefile(folder)",
        "return place.exists()",
        ("runtime/test_embedded.py",),
    ),
    Mutant(
        "secrets of the storage folder are for its user only",
        "runtime/kept_secrets.py",
        "            file.chmod(MODE)",
        "            pass",
        ("runtime/test_kept_secrets.py",),
    ),
    Mutant(
        "a server without settings listens to this machine alone",
        "settings.py",
        'else "127.0.0.1"',
        'else "0.0.0.0"',
        ("runtime/test_serve.py", "test_settings.py"),
    ),
]

LOGS: Final = [
    Mutant(
        "secrets are hidden in log lines",
        "runtime/logs.py",
        "    return hide_secrets(line)",
        "    return line",
        ("runtime/test_logs.py",),
    ),
    Mutant(
        "control characters are written out",
        "runtime/logs.py",
        "escape_controls(value) if isinstance(value, str) else value",
        "value",
        ("runtime/test_logs.py",),
    ),
    Mutant(
        "the reason of an outage is told",
        "core/problems.py",
        "            tell_outage(error)",
        "            pass",
        ("runtime/test_logs.py",),
    ),
]
