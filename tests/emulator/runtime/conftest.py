import acl
import pytest


@pytest.fixture(autouse=True)
def device():
    """Device 0, with nothing on it before and after each test."""
    acl.call("aclrtSetDevice", 0)
    acl.message()
    yield 0
    acl.lib.aclrtSetDevice(0)
    while acl.lib.aclrtResetDevice(0) == 0:
        pass
    acl.message()
