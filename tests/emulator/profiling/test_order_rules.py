"""aclprof* called in the wrong order or with wrong arguments: CANN's codes, and a reason."""

import prof_client
import pytest
from prof_client import (
    ALREADY_RUN,
    API_CONFLICT,
    FAILURE,
    INVALID_PARAM,
    NOT_RUN,
    REPEAT_INITIALIZE,
    SUCCESS,
    UNSUPPORTED,
)

_PATH_TYPE, _SYS_IO_TYPE = 16, 5


@pytest.fixture
def client():
    client = prof_client.Client()
    yield client
    client.acl.aclprofFinalize()


@pytest.fixture
def config(client):
    config = client.create_config()
    assert config
    return config


def expect(client, code: int, expected: int, *words: str) -> None:
    assert code == expected
    message = client.message()
    for word in words:
        assert word in message, message


def test_second_init(client, tmp_path):
    client.check(client.init(tmp_path))
    expect(client, client.init(tmp_path), REPEAT_INITIALIZE, str(tmp_path), "aclprofFinalize")


def test_calls_before_init(client, config):
    expect(client, client.acl.aclprofStop(config), NOT_RUN, "aclprofInit")
    expect(client, client.acl.aclprofWarmup(config), NOT_RUN, "aclprofInit")
    expect(client, client.acl.aclprofSetConfig(_PATH_TYPE, b"x", 1), NOT_RUN, "aclprofInit")


def test_finalize_without_init_is_no_error(client):
    assert client.acl.aclprofFinalize() == SUCCESS
    assert client.acl.aclprofFinalize() == SUCCESS


def test_start_without_init_uses_the_working_directory(client, config, tmp_path, monkeypatch):
    # The path of the last init is remembered; a fresh process has "./".
    client.check(client.init(tmp_path))
    client.check(client.acl.aclprofFinalize())
    client.check(client.acl.aclprofStart(config))
    client.check(client.acl.aclprofStop(config))
    assert [path.name[:5] for path in tmp_path.iterdir()] == ["PROF_"]


def test_stop_of_what_was_not_started(client, config, tmp_path):
    client.check(client.init(tmp_path))
    expect(client, client.acl.aclprofStop(config), NOT_RUN, "has not been started")


def test_start_of_a_profiled_device(client, config, tmp_path):
    client.check(client.init(tmp_path))
    client.check(client.acl.aclprofStart(config))
    other = client.create_config()
    expect(client, client.acl.aclprofStart(other), FAILURE, "device 0", "aclprofStop")
    client.check(client.acl.aclprofStart(client.create_config(devices=(1,))))


def test_warmup_after_start(client, config, tmp_path):
    client.check(client.init(tmp_path))
    client.check(client.acl.aclprofWarmup(config))
    client.check(client.acl.aclprofStart(config))
    expect(client, client.acl.aclprofWarmup(config), API_CONFLICT, "aclprofStart")


def test_warmup_alone_writes_nothing(client, config, tmp_path):
    client.check(client.init(tmp_path))
    client.check(client.acl.aclprofWarmup(config))
    client.check(client.acl.aclprofFinalize())
    assert list(tmp_path.iterdir()) == []


def test_finalize_ends_a_running_session(client, config, tmp_path):
    client.check(client.init(tmp_path))
    client.check(client.acl.aclprofStart(config))
    client.check(client.acl.aclprofFinalize())
    (directory,) = tmp_path.iterdir()
    assert (directory / "host/end_info").exists()


def test_null_and_destroyed_configs(client, config, tmp_path):
    client.check(client.init(tmp_path))
    for call in ("aclprofStart", "aclprofStop", "aclprofWarmup", "aclprofDestroyConfig"):
        expect(client, getattr(client.acl, call)(None), INVALID_PARAM, call, "null")
    client.check(client.acl.aclprofDestroyConfig(config))
    expect(client, client.acl.aclprofStart(config), INVALID_PARAM, "destroyed")


def test_a_running_config_is_not_destroyed(client, config, tmp_path):
    client.check(client.init(tmp_path))
    client.check(client.acl.aclprofStart(config))
    expect(client, client.acl.aclprofDestroyConfig(config), FAILURE, "aclprofStop")


@pytest.mark.parametrize(
    ("devices", "mask", "words"),
    [
        ((0,), 0, "dataTypeConfig is 0"),
        ((99,), 1, "device 99 does not exist"),
        ((0, 0), 1, "comes twice"),
        (tuple(range(65)), 1, "more than 64"),
        ((0,), 1 << 62, "unknown switches 0x4000000000000000"),
    ],
)
def test_bad_config(client, devices, mask, words):
    assert not client.create_config(devices=devices, mask=mask)
    assert words in client.message()


def test_bad_paths(client, tmp_path):
    assert client.acl.aclprofInit(None, 3) == INVALID_PARAM
    assert client.acl.aclprofInit(b"", 0) == INVALID_PARAM
    assert client.acl.aclprofInit(b"x" * 5000, 5000) == INVALID_PARAM
    blocked = tmp_path / "file"
    blocked.write_text("")
    client.check(client.init(blocked / "below"))
    expect(client, client.acl.aclprofStart(client.create_config()), INVALID_PARAM, str(blocked))


def test_set_config(client, tmp_path):
    client.check(client.init(tmp_path / "unused"))
    other = str(tmp_path / "used").encode()
    client.check(client.acl.aclprofSetConfig(_PATH_TYPE, other, len(other)))
    expect(client, client.acl.aclprofSetConfig(_SYS_IO_TYPE, b"100", 3), UNSUPPORTED, "emulated")
    expect(client, client.acl.aclprofSetConfig(0, b"1", 1), INVALID_PARAM, "1 to 16")
    expect(client, client.acl.aclprofSetConfig(_PATH_TYPE, b"x" * 300, 300), INVALID_PARAM, "256")
    client.check(client.acl.aclprofStart(client.create_config()))
    assert (tmp_path / "used").is_dir()
    assert not (tmp_path / "unused").exists()


def test_under_the_msprof_command(client, tmp_path, monkeypatch):
    monkeypatch.setenv("PROFILING_MODE", "dynamic")
    expect(client, client.init(tmp_path), ALREADY_RUN, "msprof")
