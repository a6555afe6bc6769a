# The winner's network, trained on train and val together (73.13 on the test split by its README). There is no
# validation, so the last checkpoint is used. The test writes the challenge file of the test split. Not run here yet.
_base_ = './videomae_vit-b_u16_ma52.py'

both_sets = [dict(**each, pipeline=_base_.train_pipeline) for each in (_base_.train_set, _base_.val_set)]
train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets=both_sets))
val_dataloader = val_evaluator = val_cfg = None
default_hooks = dict(checkpoint=dict(save_best=None))

test_dataloader = dict(dataset=_base_.test_set)
test_evaluator = dict(
    _delete_=True,
    type='DumpSubmission',
    ann_file=_base_.test_set.ann_file,
    out_dir='work_dirs/videomae_vit-b_u16_ma52_trainval',
)
