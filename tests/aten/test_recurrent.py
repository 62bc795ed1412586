"""torch.nn.LSTM, GRU and their cells against the CPU, without a fallback."""

import pytest
import torch
from torch import nn

import torch_npu

LAYERS = {
    "lstm": lambda: nn.LSTM(5, 4, num_layers=2, batch_first=True),
    "lstm_bidirectional": lambda: nn.LSTM(5, 4, bidirectional=True),
    "lstm_without_bias": lambda: nn.LSTM(5, 4, bias=False),
    "lstm_projected": lambda: nn.LSTM(5, 4, proj_size=3),
    "gru": lambda: nn.GRU(5, 4, num_layers=2, batch_first=True),
    "gru_without_bias": lambda: nn.GRU(5, 4, bias=False),
    "rnn": lambda: nn.RNN(5, 4),
}


def results(layer: nn.Module, inputs: torch.Tensor, device: str) -> list[torch.Tensor]:
    """Outputs, states and all gradients."""
    layer = layer.to(device)
    layer.zero_grad()
    x = inputs.clone().to(device).requires_grad_()
    out, state = layer(x)
    states = list(state) if isinstance(state, tuple) else [state]
    (out.sin().sum() + sum(s.cos().sum() for s in states)).backward()
    values = [out, *states, x.grad, *(p.grad for p in layer.parameters())]
    return [value.detach().cpu() for value in values]


@pytest.mark.parametrize("name", LAYERS)
def test_same_as_cpu(name: str) -> None:
    torch.manual_seed(0)
    layer, inputs = LAYERS[name](), torch.randn(3, 6, 5)
    expected = results(layer, inputs, "cpu")
    torch_npu._C.reset_fallback_stats()
    torch.testing.assert_close(results(layer, inputs, "npu"), expected, rtol=1e-4, atol=1e-5)
    assert not torch_npu._C.fallback_stats()


def test_packed_sequence() -> None:
    torch.manual_seed(0)
    layer, inputs = nn.LSTM(5, 4), torch.randn(6, 3, 5)
    packed = nn.utils.rnn.pack_padded_sequence(inputs, torch.tensor([6, 4, 2]))
    expected, _ = layer(packed)
    actual, _ = layer.npu()(packed.to("npu"))
    torch.testing.assert_close(actual.data.cpu(), expected.data, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", [nn.LSTMCell, nn.GRUCell])
def test_half_precision(kind, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    cell, x = kind(5, 4), torch.randn(3, 5)
    expected = cell(x)
    actual = cell.to("npu", dtype)(x.to("npu", dtype))
    if kind is nn.LSTMCell:
        actual, expected = actual[0], expected[0]
    assert actual.dtype == dtype
    torch.testing.assert_close(actual.float().cpu(), expected, rtol=5e-2, atol=3e-2)


def test_wrong_gates_are_refused() -> None:
    gates, state = torch.ones(2, 12, device="npu"), torch.ones(2, 4, device="npu")
    with pytest.raises(RuntimeError, match=r"expected gates \[batch, 4 \* hidden\]"):
        torch.ops.aten._thnn_fused_lstm_cell(gates, gates, state)
