from pathlib import Path

import pytest

from tests.support.doctor_runs import DoctorRun


@pytest.fixture
def doctor_run(tmp_path: Path) -> DoctorRun:
    return DoctorRun(tmp_path)
