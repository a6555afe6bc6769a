import pytest
import torch
from mmaction.registry import MODELS
from torch import nn

from mmaction_microaction.models.ops import small_map_conv


@pytest.fixture
def products(monkeypatch):
    """Count the convolutions by matrix products."""
    calls, multiply = [], small_map_conv._multiply

    def count(x, weight, bias):
        calls.append(tuple(x.shape))
        return multiply(x, weight, bias)

    monkeypatch.setattr(small_map_conv, '_multiply', count)
    return calls


def pair(**options):
    """Return the layer and the stock one with equal weights."""
    torch.manual_seed(0)
    layer = MODELS.build(dict(type='SmallMapConv2d', in_channels=3, out_channels=4, **options)).double()
    stock = nn.Conv2d(3, 4, **options).double()
    stock.load_state_dict(layer.state_dict())
    return layer, stock


def assert_equal(layer, stock, x):
    """Assert that outputs and gradients are equal."""
    results = []
    for each in (layer, stock):
        inputs = x.clone().requires_grad_()
        output = each(inputs)
        output.sin().sum().backward()
        results.append([output, inputs.grad, *(parameter.grad for parameter in each.parameters())])
    torch.testing.assert_close(*results)


@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(('kernel', 'bias'), [(1, True), (3, False), (3, True), (5, False), ((3, 1), False)])
def test_small_maps_have_the_values_and_gradients_of_conv2d(kernel, bias, layout, products):
    padding = kernel // 2 if isinstance(kernel, int) else (1, 0)
    layer, stock = pair(kernel_size=kernel, padding=padding, bias=bias)
    layer.to(memory_format=layout)
    sizes = [(1, 1), (1, 2), (2, 3), (4, 2)]
    for size in sizes:
        assert_equal(layer, stock, torch.randn(5, 3, *size, dtype=torch.float64).contiguous(memory_format=layout))
        layer.zero_grad()
        stock.zero_grad()
    assert products == [(5, 3, *size) for size in sizes]


@pytest.mark.parametrize(
    ('options', 'size'),
    [
        (dict(kernel_size=3, padding=1), (3, 5)),
        (dict(kernel_size=3, padding=1, stride=2), (2, 3)),
        (dict(kernel_size=3, padding=2, dilation=2), (2, 3)),
        (dict(kernel_size=3), (3, 3)),
        (dict(kernel_size=2, padding=1), (2, 3)),
        (dict(kernel_size=3, padding='same'), (2, 3)),
        (dict(kernel_size=3, padding=1, padding_mode='reflect'), (2, 3)),
    ],
)
def test_other_convolutions_are_those_of_conv2d(options, size, products):
    layer, stock = pair(**options)
    assert_equal(layer, stock, torch.randn(5, 3, *size, dtype=torch.float64))
    assert products == []


def test_inference_uses_conv2d(products):
    layer, stock = pair(kernel_size=3, padding=1)
    assert_equal(layer.eval(), stock, torch.randn(5, 3, 2, 3, dtype=torch.float64))
    assert products == []


def test_a_resnet_of_mmaction2_trains_with_it(products):
    config = dict(type='ResNetTSM', depth=18, num_segments=4, pretrained=None, norm_eval=False)
    torch.manual_seed(0)
    stock = MODELS.build(config).double()
    network = MODELS.build(dict(config, conv_cfg=dict(type='SmallMapConv2d'))).double()
    network.load_state_dict(stock.state_dict())
    x = torch.randn(4, 3, 64, 64, dtype=torch.float64)
    gradients = []
    for each in (network, stock):
        each(x).square().sum().backward()
        gradients.append([parameter.grad for parameter in each.parameters()])
    for gradient, expected in zip(*gradients):
        torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-9)
    # The last stage has maps of 2 x 2 pixels. Its first convolution has a stride of 2.
    assert products == 3 * [(4, 512, 2, 2)]
