"""Schedule: which action each step gets."""

import pytest

from torch_npu.profiler import ProfilerAction, schedule

_LETTER = {
    ProfilerAction.NONE: ".",
    ProfilerAction.WARMUP: "w",
    ProfilerAction.RECORD: "r",
    ProfilerAction.RECORD_AND_SAVE: "S",
}


def actions(steps: int, **fields: int) -> str:
    return "".join(_LETTER[schedule(**fields)(step)] for step in range(steps))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"wait": 0, "active": 1}, "SSSS"),
        ({"wait": 1, "warmup": 1, "active": 2}, ".wrS.wrS"),
        ({"wait": 1, "warmup": 1, "active": 2, "repeat": 1}, ".wrS...."),
        ({"wait": 1, "warmup": 1, "active": 2, "skip_first": 3}, "....wrS."),
        ({"wait": 2, "warmup": 1, "active": 1, "skip_first_wait": 1}, "wS..wS.."),
        ({"wait": 0, "warmup": 2, "active": 3, "repeat": 2}, "wwrrSwwrrS."),
    ],
)
def test_actions(fields, expected):
    assert actions(len(expected), **fields) == expected


def test_values_of_actions():
    assert [action.value for action in ProfilerAction] == [0, 1, 2, 3]


def test_negative_step():
    with pytest.raises(ValueError, match="step -1"):
        schedule(wait=0, active=1)(-1)


@pytest.mark.parametrize(
    ("fields", "attribute", "used"),
    [
        ({"wait": -1, "active": 1}, "wait", 0),
        ({"wait": 0, "active": 0}, "active", 1),
        ({"wait": 0, "active": "2"}, "active", 1),
        ({"wait": 0, "active": 1, "warmup": 1.5}, "warmup", 0),
        ({"wait": 0, "active": 1, "repeat": -3}, "repeat", 0),
        ({"wait": 0, "active": 1, "skip_first": True}, "skip_first", 0),
    ],
)
def test_invalid_fields_are_replaced_with_a_warning(fields, attribute, used, capsys):
    assert getattr(schedule(**fields), attribute) == used
    assert f"schedule: {attribute} must be" in capsys.readouterr().out


def test_no_warmup_is_warned_of(capsys):
    schedule(wait=0, active=1)
    assert "warmup is 0" in capsys.readouterr().out
    schedule(wait=0, active=1, warmup=1)
    assert capsys.readouterr().out == ""
