"""Measurements of speed and memory, for ``microaction benchmark``."""

from .complexity import Complexity, measure_complexity
from .data import compare_loading
from .decoding import compare_decoders
from .demo import DemoSpeed, compare_demo
from .gpu import TINY, GpuBenchmark, GpuSettings, describe_gpu
from .gpu_results import Measurement, format_heading
from .growth import SIZES, compare_growth
from .infer import compare_runtimes
from .model import compare_models
from .recipe import RecipeEstimate, estimate_recipe
from .run_memory import RunMemory, follow_memory
from .timing import Comparison, alternate, describe_machine
from .train import WAYS, compare_training

__all__ = [
    'SIZES',
    'TINY',
    'WAYS',
    'Comparison',
    'Complexity',
    'DemoSpeed',
    'GpuBenchmark',
    'GpuSettings',
    'Measurement',
    'RecipeEstimate',
    'RunMemory',
    'alternate',
    'compare_decoders',
    'compare_demo',
    'compare_growth',
    'compare_loading',
    'compare_models',
    'compare_runtimes',
    'compare_training',
    'describe_gpu',
    'describe_machine',
    'estimate_recipe',
    'follow_memory',
    'format_heading',
    'measure_complexity',
]
