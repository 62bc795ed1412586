"""Fourier transforms, which are matrix products here: lengths for each of the ways, and norms."""

import pytest
import torch

import torch_npu

# One product; two factors; a prime as one product; a prime through a power of two; mixed.
LENGTHS = [1, 2, 5, 128, 131, 256, 1000, 1021, 1031, 2062, 4096]


@pytest.fixture(autouse=True)
def on_device():
    torch_npu._C.reset_fallback_stats()
    yield
    assert not torch_npu._C.fallback_stats()


def assert_near(actual: torch.Tensor, expected: torch.Tensor) -> None:
    """Relative to the largest number: a transform mixes all of them."""
    scale = expected.abs().max().clamp_min(1)
    assert actual.device.type == "npu"
    torch.testing.assert_close(actual.cpu() / scale, expected / scale, rtol=0, atol=3e-6)


@pytest.mark.parametrize("n", LENGTHS)
def test_length(n: int) -> None:
    x = torch.complex(*torch.arange(6.0 * n).reshape(2, 3, n).sin())
    assert_near(torch.fft.fft(x.npu()), torch.fft.fft(x))
    assert_near(torch.fft.ifft(x.npu()), torch.fft.ifft(x))
    assert_near(torch.fft.rfft(x.real.npu()), torch.fft.rfft(x.real))
    assert_near(torch.fft.irfft(x.npu(), n), torch.fft.irfft(x, n))


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_norms_of_several_dimensions(norm: str) -> None:
    x = torch.arange(120.0).reshape(4, 5, 6).cos()
    dims = (0, 2)
    spectrum = torch.fft.rfftn(x, dim=dims, norm=norm)
    assert_near(torch.fft.rfftn(x.npu(), dim=dims, norm=norm), spectrum)
    assert_near(torch.fft.irfftn(spectrum.npu(), s=(4, 6), dim=dims, norm=norm), x)
    assert_near(
        torch.fft.fftn(x.npu(), dim=dims, norm=norm), torch.fft.fftn(x, dim=dims, norm=norm)
    )


def test_gradient() -> None:
    x = torch.arange(300.0).sin()
    leaves = [x.clone().requires_grad_(), x.npu().requires_grad_()]
    for leaf in leaves:
        torch.fft.rfft(leaf).abs().square().mean().backward()
    assert_near(leaves[1].grad, leaves[0].grad)


def test_output_is_resized() -> None:
    x = torch.arange(8.0)
    out = torch.empty(0, dtype=torch.complex64, device="npu")
    assert torch.fft.rfft(x.npu(), out=out) is out
    assert_near(out, torch.fft.rfft(x))


def test_spectrogram_and_back() -> None:
    x, window = torch.arange(4000.0).div(7).sin(), torch.hann_window(400)
    spectrum = torch.stft(x.npu(), 400, window=window.npu(), return_complex=True)
    assert_near(spectrum, torch.stft(x, 400, window=window, return_complex=True))
    assert_near(torch.istft(spectrum, 400, window=window.npu(), length=4000), x)


def test_shifts_of_spectra() -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)
    for z in (torch.fft.fft2(x), torch.fft.fft2(x).conj().mT):
        for call in (torch.fft.fftshift, torch.fft.ifftshift, lambda t: t.roll(3)):
            assert_near(call(z.npu()), call(z))
        assert_near(torch.fft.fftshift(z.npu(), dim=-1), torch.fft.fftshift(z, dim=-1))
