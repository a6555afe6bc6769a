# MANet, trained on train and val together. There is no validation, so the last checkpoint is used. The test writes the
# challenge file of the test split. Not run yet.
_base_ = '../manet_r50_8x1_ma52_submission.py'

both_sets = [dict(**each, pipeline=_base_.train_pipeline) for each in (_base_.train_set, _base_.val_set)]
train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets=both_sets))
val_dataloader = val_evaluator = val_cfg = None
default_hooks = dict(checkpoint=dict(save_best=None))
test_evaluator = dict(out_dir='work_dirs/manet_r50_8x1_ma52_trainval')
