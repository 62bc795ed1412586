"""Models forward, backward and through optimizers: as on the CPU, and nothing falls back to it."""

import copy

import pytest
import torch
from torch import nn

import torch_npu

STEPS = 4


class Attention(nn.Module):
    """Token embedding, a transformer layer, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(17, 16)
        self.layer = nn.TransformerEncoderLayer(
            16, 4, 32, dropout=0.0, activation="gelu", batch_first=True
        )
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 10)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.layer(self.embedding(tokens))).mean(1))


def mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 32), nn.ReLU(), nn.Linear(32, 10))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, groups=2), nn.GroupNorm(4, 8), nn.SiLU(), nn.AvgPool2d(1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10),
    )  # fmt: skip


MODELS = {
    "mlp": (mlp, lambda: torch.randn(6, 3, 8, 8)),
    "cnn": (cnn, lambda: torch.randn(6, 3, 8, 8)),
    "transformer": (Attention, lambda: torch.randint(0, 17, (6, 5))),
}
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-3),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01),
    "adamw_single": lambda p: torch.optim.AdamW(p, lr=0.01, foreach=False),
    "adam_amsgrad": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True),
}


def train(model: nn.Module, optimizer, inputs: torch.Tensor, targets: torch.Tensor) -> list[float]:
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_equals_cpu_without_fallbacks(name: str, optimizer: str) -> None:
    torch.manual_seed(0)
    make_model, make_inputs = MODELS[name]
    model, inputs, targets = make_model(), make_inputs(), torch.randint(0, 10, (6,))
    twin = copy.deepcopy(model).npu()
    expected = train(model, OPTIMIZERS[optimizer](model.parameters()), inputs, targets)
    torch_npu._C.reset_fallback_stats()
    actual = train(twin, OPTIMIZERS[optimizer](twin.parameters()), inputs.npu(), targets.npu())
    assert torch_npu._C.fallback_stats() == {}
    assert actual == pytest.approx(expected, rel=1e-4)
    assert actual[-1] < actual[0]
    if optimizer != "sgd":
        return  # Adam blows up the rounding of gradients that ought to be zero
    for ours, theirs in zip(twin.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours.detach().cpu(), theirs.detach(), rtol=1e-3, atol=1e-4)


def test_eval_mode_uses_running_statistics() -> None:
    torch.manual_seed(0)
    model, inputs = cnn(), torch.randn(6, 3, 8, 8)
    model(inputs)
    twin = copy.deepcopy(model).npu().eval()
    torch.testing.assert_close(twin(inputs.npu()).cpu(), model.eval()(inputs))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model = mlp().npu()
    inputs = torch.randn(6, 3, 8, 8).npu()
    with torch.autocast("npu", dtype=dtype):
        out = model(inputs)
        loss = nn.functional.cross_entropy(out, torch.zeros(6, dtype=torch.int64).npu())
    assert out.dtype == dtype
    assert loss.dtype == torch.float32
    loss.backward()
    assert all(p.grad.dtype == torch.float32 for p in model.parameters())
    with (
        torch.autocast("npu", dtype=dtype),
        pytest.raises(RuntimeError, match="unsafe to autocast"),
    ):
        nn.functional.binary_cross_entropy(inputs, inputs)
