import itertools

import pytest
import torch
from mmaction.models.backbones.resnet_tsm import TemporalShift
from torch import nn

from mmaction_microaction.models.ops import excite_and_shift, plain_excite_and_shift


class Excite(nn.Sequential):
    def __init__(self, channels):
        super().__init__(nn.Linear(channels, channels // 2), nn.ReLU(), nn.Linear(channels // 2, channels))


class Ones(nn.Module):
    def forward(self, means):
        return torch.ones_like(means)


def make(clips, segments, channels, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    x = torch.randn(clips * segments, channels, 3, 2, dtype=dtype, requires_grad=True)
    return x, Excite(channels).to(dtype)


def loop(x, excite, segments, shift_div):
    """Compute the definition, one frame and channel at a time."""
    scaled = torch.stack([frame * excite(frame.mean((1, 2))[None])[0, :, None, None] for frame in x])
    fold = x.size(1) // shift_div
    out = torch.zeros_like(scaled)
    for i, c in itertools.product(range(x.size(0)), range(x.size(1))):
        t = i % segments
        source = t + 1 if c < fold else t - 1 if c < 2 * fold else t
        if 0 <= source < segments:
            out[i, c] = scaled[i - t + source, c]
    return out


SIZES = list(itertools.product([1, 3], [1, 2, 8], [8, 19], [4, 8]))


@pytest.mark.parametrize(('clips', 'segments', 'channels', 'shift_div'), SIZES)
def test_values_and_gradients_equal_the_naive_implementation(clips, segments, channels, shift_div):
    x, excite = make(clips, segments, channels)
    weights = torch.randn_like(x)
    results = []
    for function in (excite_and_shift, plain_excite_and_shift, loop):
        out = function(x, excite, segments, shift_div)
        results.append([out, *torch.autograd.grad((out * weights).sum(), [x, *excite.parameters()])])
    for fused, plain, expected in zip(*results):
        torch.testing.assert_close(fused, expected)
        torch.testing.assert_close(plain, expected)


def test_a_clip_with_infinite_features_does_not_change_its_neighbours():
    x, excite = make(clips=3, segments=4, channels=8)
    x = x.detach()
    expected = loop(x, excite, 4, 8).detach()
    x[4:8] = torch.inf
    for function in (excite_and_shift, plain_excite_and_shift):
        out = function(x, excite, 4, 8).detach()
        for clip in (slice(0, 4), slice(8, 12)):
            torch.testing.assert_close(out[clip], expected[clip])


def test_empty_batch_has_zero_gradients():
    x, excite = make(0, 8, 8)
    out = excite_and_shift(x, excite, 8)
    out.sum().backward()
    assert out.shape == x.grad.shape == (0, 8, 3, 2)
    assert not any(parameter.grad.any() for parameter in excite.parameters())


def test_works_under_transforms_of_torch_func():
    x, excite = make(3, 2, 8)
    clips = x.detach().unflatten(0, (3, 2))

    def total(clip):
        return excite_and_shift(clip, excite, 2).square().sum()

    expected = torch.autograd.grad(excite_and_shift(x, excite, 2).square().sum(), x)[0]
    computed = torch.func.vmap(torch.func.grad(total))(clips)
    torch.testing.assert_close(computed.flatten(0, 1), expected)


def test_gradcheck():
    x, excite = make(clips=2, segments=3, channels=8)
    assert torch.autograd.gradcheck(lambda x, *parameters: excite_and_shift(x, excite, 3, 4), (x, *excite.parameters()))


@pytest.mark.parametrize('segments', [2, 8])
def test_unscaled_shift_equals_tsm(segments):
    x, _ = make(clips=2, segments=segments, channels=16)
    expected = TemporalShift.shift(x, segments, shift_div=8)
    torch.testing.assert_close(excite_and_shift(x, Ones(), segments, 8), expected, rtol=0, atol=0)


@pytest.mark.parametrize('frozen', ['input', 'excitation', 'both'])
def test_only_tensors_that_require_gradients_get_one(frozen):
    x, excite = make(clips=1, segments=4, channels=8)
    x.requires_grad_(frozen == 'excitation')
    excite.requires_grad_(frozen == 'input')
    out = excite_and_shift(x, excite, 4)
    assert out.requires_grad == (frozen != 'both')
    if frozen != 'both':
        out.sum().backward()
    assert (x.grad is not None) == (frozen == 'excitation')
    assert all((parameter.grad is not None) == (frozen == 'input') for parameter in excite.parameters())


def test_channels_last_stays_channels_last():
    x, excite = make(clips=2, segments=4, channels=8)
    expected = excite_and_shift(x, excite, 4)
    out = excite_and_shift(x.to(memory_format=torch.channels_last), excite, 4)
    assert out.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(out, expected)


def test_autocast_keeps_the_dtype_of_the_features():
    x, excite = make(clips=2, segments=4, channels=16, dtype=torch.float32)
    expected = excite_and_shift(x, excite, 4)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        out = excite_and_shift(x, excite, 4)
        half = excite_and_shift(x.bfloat16(), excite, 4)
    assert (out.dtype, half.dtype) == (torch.float32, torch.bfloat16)
    torch.testing.assert_close(out, expected, rtol=2e-2, atol=2e-2)
    out.sum().backward()
    assert x.grad.dtype == torch.float32


def test_runs_under_inference_mode():
    x, excite = make(clips=1, segments=4, channels=8)
    with torch.inference_mode():
        out = excite_and_shift(x, excite, 4)
    torch.testing.assert_close(out.clone(), loop(x, excite, 4, 8).detach())


def test_refuses_incomplete_clips():
    x, excite = make(clips=1, segments=6, channels=8)
    with pytest.raises(ValueError, match=r'6 frames .* clips of 4'):
        excite_and_shift(x, excite, 4)


# Inductor passes the folder of PyTorch to the linker without quotes.
INDUCTOR = pytest.param(
    'inductor',
    marks=[
        pytest.mark.slow,
        pytest.mark.skipif(' ' in torch.__file__, reason='PyTorch cannot compile if its path contains a space'),
    ],
)


@pytest.mark.parametrize('backend', ['aot_eager', INDUCTOR])
def test_torch_compile_captures_one_graph(backend):
    x, excite = make(clips=2, segments=4, channels=8)
    compiled = torch.compile(lambda x: excite_and_shift(x, excite, 4), fullgraph=True, backend=backend)
    weights = torch.randn_like(x)
    gradients = []
    # Inductor would start processes to compile in, and one for each kind of vector instructions that it tries out.
    with torch._inductor.config.patch({'compile_threads': 1, 'cpp.vec_isa_ok': False}):
        for function in (compiled, lambda x: loop(x, excite, 4, 8)):
            function(x).mul(weights).sum().backward()
            gradients.append(x.grad)
            x.grad = None
    torch.testing.assert_close(*gradients)


def test_exported_features_have_four_axes_for_any_batch(tmp_path):
    onnx, onnxruntime = pytest.importorskip('onnx'), pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.excite = Excite(16)

        def forward(self, x):
            return excite_and_shift(x.flatten(0, 1), self.excite, 4)

    network, path = Network().double().eval(), tmp_path / 'op.onnx'
    x, _ = make(clips=3, segments=4, channels=16)
    clips = x.detach().unflatten(0, (3, 4))
    dynamic_shapes = ({0: torch.export.Dim('batch')},)
    torch.onnx.export(network, (clips[:2],), str(path), input_names=['x'], dynamic_shapes=dynamic_shapes, dynamo=True)
    graph = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
    ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in graph.value_info}
    assert max(ranks.values()) == 4
    session = onnxruntime.InferenceSession(str(path))
    for batch in (clips[:1], clips):
        (out,) = session.run(None, {'x': batch.numpy()})
        expected = loop(batch.flatten(0, 1), network.excite, 4, 8).detach()
        torch.testing.assert_close(torch.from_numpy(out), expected)


@pytest.mark.parametrize('dynamo', [False, True], ids=['torchscript', 'dynamo'])
def test_onnx_export_computes_the_same_values(tmp_path, dynamo):
    onnxruntime = pytest.importorskip('onnxruntime')

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.excite = Excite(16)

        def forward(self, x):
            return excite_and_shift(x, self.excite, 4)

    x, _ = make(clips=2, segments=4, channels=16, dtype=torch.float32)
    network, path = Network().eval(), tmp_path / 'op.onnx'
    torch.onnx.export(network, (x.detach(),), str(path), input_names=['x'], dynamo=dynamo)
    (out,) = onnxruntime.InferenceSession(str(path)).run(None, {'x': x.detach().numpy()})
    expected = loop(x, network.excite, 4, 8).detach()
    torch.testing.assert_close(torch.from_numpy(out), expected, rtol=1e-4, atol=1e-4)
