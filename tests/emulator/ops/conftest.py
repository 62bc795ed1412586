import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from device import Device


@pytest.fixture(scope="session")
def device() -> Device:
    return Device()
