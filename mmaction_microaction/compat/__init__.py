"""Changes to MMAction2 1.2.0 (2023) and MMEngine that let them run on today's Python, PyTorch and NumPy.

Each function makes one change; its docstring quotes the error that it fixes, if there is one. All are called once, when
the package is imported and before any component is registered. There are three kinds:

- Functions that change something only if the defect is present: ``provide_missing_drn`` (only if the wheel lacks the
  module), ``shift_hue_without_overflow`` (only with NumPy 2) and ``allow_amp_without_cuda`` (only without a CUDA GPU).
- Functions that replace a function of the library (``silence_mmcv_lite``: add a warning filter) in every version,
  even if a later version no longer has the defect: all others in ``mmaction``, ``mmengine``, ``launchers`` and
  ``safe_loading``.
- Additions, which fix no defect but save time or protect runs: ``format_configs_once``, ``write_files_whole``,
  ``resume_early_stopping`` and both functions of ``weights``.

All of them hold for the whole process. Of other packages of OpenMMLab, such as MMDetection, only the loading of weights
is left as it is, see ``weights.reject_weights_that_do_not_fit``; their files are loaded and written safely, too.

Two more defects need no code, only a dependency in ``setup.py``:

- ``ModuleNotFoundError: No module named 'importlib_metadata'``: MMAction2 imports it without declaring it.
- ``ModuleNotFoundError: No module named 'pkg_resources'``: mim needs setuptools < 82, and so does MMEngine for every
  config that inherits from ``mmaction::``.
"""

from . import launchers, mmaction, mmengine, safe_loading, weights


def apply_all() -> None:
    """Apply all changes."""
    mmaction.silence_mmcv_lite()
    mmaction.provide_missing_drn()
    safe_loading.load_checkpoints_safely()
    launchers.launch_on_any_device()
    launchers.wrap_models_on_their_device()
    launchers.wrap_models_again_before_training()
    mmengine.write_test_scores_once()
    mmaction.shift_hue_without_overflow()
    mmaction.provide_infinity_to_pose_transforms()
    mmaction.sample_for_tests_without_side_effects()
    mmaction.start_from_scratch()
    mmaction.run_tin_without_compiled_mmcv()
    mmengine.write_files_whole()
    mmengine.allow_amp_without_cuda()
    mmaction.compute_accuracy_in_float32()
    mmaction.pass_use_reentrant()
    mmengine.compile_without_optimizer()
    mmengine.format_configs_once()
    weights.start_if_nothing_to_resume()
    weights.reject_weights_that_do_not_fit()
    mmengine.resume_early_stopping()
    mmengine.skip_default_hooks_set_to_none()
    mmaction.accept_blended_labels_in_focal_loss()
    mmaction.use_default_weight_decay()
