"""What it takes to run MMAction2 1.2.0 (2023) on today's Python, PyTorch and NumPy.

One function per upstream defect, which does nothing where upstream is sound. They run once, when the package is
imported and before any component is registered. Two more defects need no code, only a dependency in ``setup.py``:

- ``ModuleNotFoundError: No module named 'importlib_metadata'``: MMAction2 imports it without declaring it.
- ``ModuleNotFoundError: No module named 'pkg_resources'``: mim, and MMEngine for every config that inherits from
  ``mmaction::``, need setuptools < 82.
"""

from . import launchers, mmaction, mmengine, safe_loading, weights


def apply_all():
    """Work round every defect below."""
    mmaction.silence_mmcv_lite()
    mmaction.provide_missing_drn()
    safe_loading.load_checkpoints_safely()
    launchers.launch_anywhere()
    launchers.wrap_models_where_they_are()
    launchers.wrap_models_as_they_are_trained()
    mmengine.write_test_scores_once()
    mmaction.shift_hue_without_overflow()
    mmaction.start_from_scratch()
    mmaction.run_tin_without_compiled_mmcv()
    mmengine.write_files_whole()
    mmengine.mix_precision_on_the_cpu()
    mmaction.count_hits_in_bfloat16()
    mmaction.checkpoint_activations_explicitly()
    mmengine.compile_without_the_optimizer()
    mmengine.format_configs_once()
    weights.start_where_there_is_nothing_to_resume()
    weights.stop_where_weights_do_not_fit()
    mmengine.stop_resumed_runs_as_early()
    mmengine.leave_out_default_hooks_set_to_none()
    mmaction.balance_losses_of_blended_labels()
    mmaction.decay_weights_by_default()
