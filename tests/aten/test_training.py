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


class Block(nn.Module):
    """A residual block of ResNet."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True), nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu_(self.body(x) + x)


def resnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 7, stride=2, padding=3), nn.BatchNorm2d(8), nn.ReLU(),
        nn.MaxPool2d(3, 2, padding=1), Block(8), Block(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 10),
    )  # fmt: skip


class UNet(nn.Module):
    """Down, up by each way of resizing, and across."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8, affine=True), nn.PReLU()
        )
        self.bottom = nn.Conv2d(8, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)
        self.head = nn.Conv2d(24, 10, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = self.down(x)
        low = nn.functional.silu(self.bottom(nn.functional.max_pool2d(wide, 2)))
        smooth = nn.functional.interpolate(low, scale_factor=2, mode="bilinear")
        coarse = nn.functional.interpolate(low, scale_factor=2, mode="nearest")
        return self.head(torch.cat([wide, self.up(low) + smooth, coarse], 1)).mean((2, 3))


class Recurrent(nn.Module):
    """LSTM and GRU, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(17, 8)
        self.lstm = nn.LSTM(8, 8, num_layers=2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(16, 8, batch_first=True)
        self.head = nn.Linear(8, 10)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.gru(self.lstm(self.embedding(tokens))[0])[0][:, -1])


MODELS = {
    "mlp": (mlp, lambda: torch.randn(6, 3, 8, 8)),
    "cnn": (cnn, lambda: torch.randn(6, 3, 8, 8)),
    "transformer": (Attention, lambda: torch.randint(0, 17, (6, 5))),
    "resnet": (resnet, lambda: torch.randn(6, 3, 16, 16)),
    "unet": (UNet, lambda: torch.randn(6, 3, 8, 8)),
    "recurrent": (Recurrent, lambda: torch.randint(0, 17, (6, 5))),
}
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-3),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01),
    "adamw_single": lambda p: torch.optim.AdamW(p, lr=0.01, foreach=False),
    "adamw_fused": lambda p: torch.optim.AdamW(p, lr=0.01, fused=True),
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


def test_encoder_in_eval_mode() -> None:
    """Where torch.nn.TransformerEncoder takes its fast path, with and without padding."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 32, activation="gelu", batch_first=True)
    model, inputs = (
        nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval(),
        torch.randn(3, 5, 16),
    )
    padding = torch.arange(5) >= torch.tensor([5, 3, 4])[:, None]
    twin = copy.deepcopy(model).npu()
    torch_npu._C.reset_fallback_stats()
    with torch.no_grad():
        for mask in (None, padding):
            expected = model(inputs, src_key_padding_mask=mask)
            actual = twin(inputs.npu(), src_key_padding_mask=None if mask is None else mask.npu())
            torch.testing.assert_close(actual.cpu(), expected, rtol=1e-4, atol=1e-5)
    assert not torch_npu._C.fallback_stats()


def test_weight_norm() -> None:
    torch.manual_seed(0)
    model = nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
    twin, inputs = copy.deepcopy(model).npu(), torch.randn(2, 4)
    torch_npu._C.reset_fallback_stats()
    model(inputs).square().sum().backward()
    twin(inputs.npu()).square().sum().backward()
    assert not torch_npu._C.fallback_stats()
    for ours, theirs in zip(twin.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours.grad.cpu(), theirs.grad)


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
