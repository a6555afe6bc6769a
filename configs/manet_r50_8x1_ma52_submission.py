# The test predicts the challenge's anonymised test split and writes the file to upload. It reports no scores.
# Training is the same as in the main config.
_base_ = './manet_r50_8x1_ma52.py'

test_dataloader = dict(dataset=_base_.test_set)
test_evaluator = dict(
    _delete_=True,
    type='DumpSubmission',
    ann_file=_base_.test_set.ann_file,
    out_dir='work_dirs/manet_r50_8x1_ma52_submission',
    format='codabench',  # MAC 2025 and the permanent page; '2024' for MAC 2024
    coarse_from='top1',  # the body part of each of the five best actions, as in the authors' submissions
)
