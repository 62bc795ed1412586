"""Whole models train as on the CPU, and nothing falls back to it."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import torch_npu

STEPS = 20
CLASSES = 10


class BasicBlock(nn.Module):
    """ResNet's block of two convolutions."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.body(x) + self.shortcut(x), inplace=True)


def resnet18() -> nn.Module:
    stages = [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]
    blocks = [
        block
        for channels_in, channels, stride in stages
        for block in (BasicBlock(channels_in, channels, stride), BasicBlock(channels, channels, 1))
    ]
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(512, CLASSES),
    )  # fmt: skip


class ViT(nn.Module):
    """ViT-tiny: 12 layers of width 192 on patches of 8 x 8 pixels, and a class token."""

    def __init__(self, width: int = 192, depth: int = 12, heads: int = 3, pixels: int = 32) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, stride=8)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, 1 + (pixels // 8) ** 2, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), patches], 1) + self.position
        return self.head(self.norm(self.encoder(tokens))[:, 0])


def rotate(x: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """Rotary position embedding of (batch, heads, length, width)."""
    length, half = x.shape[-2], x.shape[-1] // 2
    frequencies = base ** -(torch.arange(half, device=x.device) / half)
    angles = torch.outer(torch.arange(length, device=x.device), frequencies)
    cos, sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


class LlamaLayer(nn.Module):
    """RMSNorm, grouped-query attention with rotary positions, SwiGLU."""

    def __init__(self, width: int, heads: int, groups: int) -> None:
        super().__init__()
        self.heads, self.groups, self.head_width = heads, groups, width // heads
        self.norm, self.norm_of_mlp = nn.RMSNorm(width), nn.RMSNorm(width)
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(width, 2 * groups * self.head_width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate, self.up = (nn.Linear(width, 3 * width, bias=False) for _ in range(2))
        self.down = nn.Linear(3 * width, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        def split(y: torch.Tensor, heads: int) -> torch.Tensor:
            return y.unflatten(-1, (heads, self.head_width)).transpose(1, 2)

        normed = self.norm(x)
        k, v = self.kv(normed).chunk(2, -1)
        q, k, v = split(self.q(normed), self.heads), split(k, self.groups), split(v, self.groups)
        attended = F.scaled_dot_product_attention(
            rotate(q), rotate(k), v, is_causal=True, enable_gqa=True
        )
        x = x + self.out(attended.transpose(1, 2).flatten(2))
        normed = self.norm_of_mlp(x)
        return x + self.down(F.silu(self.gate(normed)) * self.up(normed))


class Llama(nn.Module):
    def __init__(self, words: int = 50, width: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.layers = nn.Sequential(*(LlamaLayer(width, 8, 2) for _ in range(2)))
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, words, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.layers(self.embedding(tokens)))).transpose(1, 2)


class LSTM(nn.Module):
    def __init__(self, words: int = 50) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 32)
        self.lstm = nn.LSTM(32, 48, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(96, words)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(self.embedding(tokens))[0]).transpose(1, 2)


def convolutions(channels_in: int, channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, 3, padding=1), nn.GroupNorm(4, channels), nn.SiLU(),
        nn.Conv2d(channels, channels, 3, padding=1), nn.GroupNorm(4, channels), nn.SiLU(),
    )  # fmt: skip


class UNet(nn.Module):
    """Two steps down, two up, one by interpolation and one by a transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.top, self.middle, self.bottom = (
            convolutions(*sizes) for sizes in ((3, 16), (16, 32), (32, 64))
        )
        self.up = nn.ConvTranspose2d(48, 16, 2, stride=2)
        self.join_middle, self.join_top = convolutions(96, 48), convolutions(32, 16)
        self.head = nn.Conv2d(16, CLASSES, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        top = self.top(x)
        middle = self.middle(F.max_pool2d(top, 2))
        bottom = self.bottom(F.avg_pool2d(middle, 2))
        wide = F.interpolate(bottom, scale_factor=2, mode="bilinear", align_corners=False)
        joined = self.join_middle(torch.cat([wide, middle], 1))
        return self.head(self.join_top(torch.cat([self.up(joined), top], 1)))


def images(pixels: int = 32) -> torch.Tensor:
    return torch.randn(4, 3, pixels, pixels)


# Of 32 x 32 the last stages keep one pixel: batch norm over four numbers is chaotic.
def larger_images() -> torch.Tensor:
    return images(64)


def words() -> torch.Tensor:
    return torch.randint(50, (4, 24))


def adamw(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=1e-3)


# Before batch norms, whose biases have gradients of nothing but rounding, which Adam blows up.
def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


# Model, input, shape of the target, number of classes, optimizer.
MODELS = {
    "ResNet-18": (resnet18, larger_images, (4,), CLASSES, sgd),
    "ViT-tiny": (ViT, images, (4,), CLASSES, adamw),
    "Llama": (Llama, words, (4, 24), 50, adamw),
    "LSTM": (LSTM, words, (4, 24), 50, adamw),
    "U-Net": (UNet, images, (4, 32, 32), CLASSES, adamw),
}


def losses(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: torch.Tensor,
    target: torch.Tensor,
) -> list[torch.Tensor]:
    result = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        result.append(loss.detach())
    return result


@pytest.mark.parametrize("name", MODELS)
def test_losses_are_the_cpus(name: str) -> None:
    make, draw, shape, classes, optimizer = MODELS[name]
    torch.manual_seed(0)
    model = make()
    data, target = draw(), torch.randint(classes, shape)
    on_npu = copy.deepcopy(model).npu()
    torch_npu._C.reset_fallback_stats()
    actual = torch.stack(losses(on_npu, optimizer(on_npu), data.npu(), target.npu())).cpu()
    assert not torch_npu._C.fallback_stats()
    expected = torch.stack(losses(model, optimizer(model), data, target))
    torch.testing.assert_close(actual, expected, rtol=1e-3, atol=1e-4)
    assert actual[-1] < 0.95 * actual[0]
