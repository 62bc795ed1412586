"""What the emulator records, read as any client would: by the documented layouts."""

import json
import os
import re
import threading

import numpy as np
import prof_client
import pytest

API = np.dtype("<u2, <u2, <u4, <u4, <u4, <u8, <u8, <u8")
API.names = ("magic", "level", "type", "thread", "reserve", "begin", "end", "item")
TASK = np.dtype("<u2, <u2, <u4, <u4, <u4, <u4, <u4" + ", <u8" * 8)
TASK.names = (
    *("magic", "kind", "thread", "stream", "task", "connection", "block_num"),
    *("submit", "start", "end", "name", "type", "engine", "details", "bytes"),
)


@pytest.fixture(scope="module")
def client():
    return prof_client.Client()


@pytest.fixture(scope="module")
def session(client, tmp_path_factory):
    before = client.acl.emulatorMemcpyCount(0)
    directory = client.profile_copies(tmp_path_factory.mktemp("prof"), [5, 3])
    return directory, client.acl.emulatorMemcpyCount(0) - before


def read_texts(directory):
    lines = (directory / "host/data/unaging.additional.hash_dic.slice_0").read_text().splitlines()
    return {int(line.partition(":")[0]): line.partition(":")[2] for line in lines}


def read_tasks(directory):
    return np.fromfile(directory / "device_0/data/emulator_task.data.0.slice_0", TASK)


def read_apis(directory):
    return np.fromfile(directory / "host/data/unaging.api_event.data.slice_0", API)


def test_directory_name_and_files(session):
    directory, _ = session
    assert re.fullmatch(rf"PROF_\d{{6}}_\d{{17}}_{os.getpid():08d}[A-R]{{8}}", directory.name)
    for name in ("start_info", "end_info", "info.json", "sample.json"):
        json.loads((directory / "host" / name).read_text())
    for name in ("start_info.0", "end_info.0", "info.json.0", "sample.json"):
        json.loads((directory / "device_0" / name).read_text())
    assert "[Host]\nclock_monotonic_raw: " in (directory / "host/host_start.log").read_text()
    for data in [*(directory / "host/data").iterdir(), *(directory / "device_0/data").iterdir()]:
        if data.suffix != ".done":
            assert data.with_name(data.name + ".done").exists()


def test_result_files_are_private(session):
    directory, _ = session
    for path in directory.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o750 if path.is_dir() else 0o640), path


def test_times_are_labelled_as_emulated(session):
    directory, _ = session
    info = json.loads((directory / "host/info.json").read_text())
    assert info["timing"].startswith("measured on the emulator")


def test_every_copy_is_recorded_once(session):
    directory, copied = session
    tasks, texts = read_tasks(directory), read_texts(directory)
    engines = [texts[int(identity)] for identity in tasks["engine"]]
    copies = tasks[[engine == "MEMCPY_ASYNC" for engine in engines]]
    assert len(copies) == copied == 8
    assert sorted(np.unique(copies["stream"], return_counts=True)[1].tolist()) == [3, 5]
    assert (copies["bytes"] == 4096).all()
    assert len({(task["stream"].item(), task["task"].item()) for task in tasks}) == len(tasks)


def test_task_times_follow_the_clock_and_the_call(session):
    directory, _ = session
    tasks, apis = read_tasks(directory), read_apis(directory)
    assert (tasks["magic"] == 0x5A5A).all()
    assert (apis["magic"] == 0x5A5A).all()
    assert (tasks["submit"] <= tasks["start"]).all()
    assert (tasks["start"] <= tasks["end"]).all()
    assert (apis["begin"] <= apis["end"]).all()
    start_info = json.loads((directory / "host/start_info").read_text())
    assert apis["begin"].min() >= int(start_info["clockMonotonicRaw"])
    begin_of = dict(zip(apis["reserve"].tolist(), apis["begin"].tolist(), strict=True))
    for task in tasks:
        assert task["start"] >= begin_of[task["connection"].item()]


def test_tasks_of_one_stream_do_not_overlap(session):
    directory, _ = session
    tasks = read_tasks(directory)
    for stream in np.unique(tasks["stream"]):
        mine = np.sort(tasks[tasks["stream"] == stream], order="start")
        assert (mine["start"][1:] >= mine["end"][:-1]).all()


def test_api_records_are_cann_s(session):
    directory, _ = session
    apis, texts = read_apis(directory), read_texts(directory)
    assert set(apis["thread"].tolist()) == {threading.get_native_id()}
    names = [texts[int(identity)] for identity in apis["item"]]
    assert names.count("aclrtMemcpyAsync") == 8
    assert set(apis["level"].tolist()) == {20000}
    types = (directory / "host/data/unaging.additional.type_info_dic.slice_0").read_text()
    for api, name in zip(apis, names, strict=True):
        assert f"{api['level']}_{api['type']}:{name}\n" in types


def test_hash_ids_are_two_polynomial_hashes(session):
    directory, _ = session
    for identity, text in read_texts(directory).items():
        low = high = 0
        for byte in text.encode():
            low = (low * 131 + byte) & 0xFFFFFFFF
            high = (high * 29 + byte) & 0xFFFFFFFF
        assert identity == high << 32 | low


def test_switches_decide_what_is_recorded(client, tmp_path):
    only_tasks = client.profile_copies(tmp_path / "tasks", [2], mask=prof_client.TASK_TIME)
    assert len(read_apis(only_tasks)) == 0
    assert len(read_tasks(only_tasks)) >= 2
    only_apis = client.profile_copies(tmp_path / "apis", [2], mask=prof_client.ACL_API)
    assert len(read_apis(only_apis)) > 0
    assert len(read_tasks(only_apis)) == 0


def test_nothing_is_recorded_outside_start_and_stop(client, tmp_path):
    stream = client.stream()
    client.check(client.init(tmp_path))
    client.copy(stream, 3)
    config = client.create_config()
    client.check(client.acl.aclprofStart(config))
    client.copy(stream, 2)
    client.check(client.acl.aclprofStop(config))
    client.copy(stream, 4)
    client.check(client.acl.aclprofDestroyConfig(config))
    client.check(client.acl.aclprofFinalize())
    (directory,) = tmp_path.iterdir()
    assert (read_tasks(directory)["bytes"] == 4096).sum() == 2


def test_many_threads_lose_nothing(client, tmp_path):
    client.check(client.init(tmp_path))
    config = client.create_config()
    client.check(client.acl.aclprofStart(config))

    def work():
        client.check(client.acl.aclrtSetDevice(0))
        client.copy(client.stream(), 300, size=64)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    client.check(client.acl.aclprofStop(config))
    client.check(client.acl.aclprofDestroyConfig(config))
    client.check(client.acl.aclprofFinalize())
    (directory,) = tmp_path.iterdir()
    tasks, apis = read_tasks(directory), read_apis(directory)
    assert (tasks["bytes"] == 64).sum() == 6 * 300
    assert len(set(apis["thread"].tolist())) == 6
    assert len(set(tasks["connection"].tolist())) == len(tasks)


def test_profiling_off_creates_no_files(client, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    client.copy(client.stream(), 3)
    assert list(tmp_path.iterdir()) == []
