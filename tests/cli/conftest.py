import os
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support.doctor_runs import DoctorRun

EXTRA = ("av", "budoux", "cv2", "espeakng_loader", "msgspec", "numpy", "PIL", "py3langid", "pillow", "opencv")


@pytest.fixture
def doctor_run(tmp_path: Path) -> DoctorRun:
    return DoctorRun(tmp_path)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with everything that is installed here except the sandbox extra."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True, with_pip=False)
    packages = next(folder.glob("lib/python*/site-packages"))
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith(EXTRA) and package.suffix not in (".pth", ".pyc"):
            (packages / package.name).symlink_to(package)
    return os.fspath(folder / "bin" / "python")
