from pathlib import Path

import pytest

from tests.support.doctor_runs import Visit


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return Visit(tmp_path)
